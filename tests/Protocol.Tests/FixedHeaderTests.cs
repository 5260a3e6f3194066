using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

public class FixedHeaderTests
{
    [Theory]
    [InlineData("C0 00", 0, 2)]
    [InlineData("30 7F", 127, 2)]
    [InlineData("30 80 01", 128, 3)]
    [InlineData("30 FF 7F", 16_383, 3)]
    [InlineData("30 80 80 01", 16_384, 4)]
    [InlineData("30 FF FF 7F", 2_097_151, 4)]
    [InlineData("30 80 80 80 01", 2_097_152, 5)]
    [InlineData("30 FF FF FF 7F", 268_435_455, 5)]
    [InlineData("30 00 FF FF FF FF", 0, 2)]
    public void Header_is_read(string hex, int remainingLength, int size)
    {
        var bytes = Hex.Parse(hex);

        Assert.Equal(DecodeStatus.Done, FixedHeader.TryRead(bytes, out var header));
        Assert.Equal(new FixedHeader(bytes[0], remainingLength, size), header);
        Assert.Equal(remainingLength + size, header.PacketSize);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("30 80")]
    [InlineData("30 FF FF")]
    [InlineData("30 FF FF FF")]
    public void Header_cut_needs_more_data(string hex)
    {
        Assert.Equal(DecodeStatus.NeedMoreData, FixedHeader.TryRead(Hex.Parse(hex), out var header));
        Assert.Equal(default, header);
    }

    // The fourth byte already tells; a fifth is not waited for.
    [Theory]
    [InlineData("30 80 80 80 80")]
    [InlineData("30 FF FF FF FF")]
    [InlineData("30 FF FF FF FF 00")]
    public void Header_with_fifth_length_byte_is_malformed(string hex)
    {
        Assert.Equal(DecodeStatus.Malformed, FixedHeader.TryRead(Hex.Parse(hex), out var header));
        Assert.Equal(default, header);
    }

    [Fact]
    public void Largest_packet_has_the_size_of_the_limit()
    {
        FixedHeader.TryRead([0x30, 0xFF, 0xFF, 0xFF, 0x7F], out var header);

        Assert.Equal(Limits.PacketSizeMax, header.PacketSize);
        Assert.Equal(268_435_460, header.PacketSize);
    }

    // All 256 first bytes against the table: the valid flags of each type, as a set of low nibbles.
    [Theory]
    [InlineData(ProtocolVersion.V311)]
    [InlineData(ProtocolVersion.V50)]
    public void Flags_are_those_of_the_table(ProtocolVersion version)
    {
        for (var first = 0; first < 256; first++)
        {
            var (type, flags) = (first >> 4, first & 0x0F);
            var expected = type switch
            {
                0 => false,
                3 => flags is 0 or 1 or 2 or 3 or 4 or 5 or 10 or 11 or 12 or 13,
                6 or 8 or 10 => flags == 2,
                15 => flags == 0 && version == ProtocolVersion.V50,
                _ => flags == 0,
            };

            Assert.True(expected == new FixedHeader((byte)first, 0, 2).TryCheckFlags(version, out var error), $"{first:X2}");
            Assert.Equal(expected ? default : ReasonCode.MalformedPacket, error.Reason);
        }
    }

    [Fact]
    public void Flags_of_mqtt_31_may_have_dup_and_are_open_where_unused()
    {
        for (var first = 0; first < 256; first++)
        {
            var (type, flags) = (first >> 4, first & 0x0F);
            var expected = type switch
            {
                0 or 15 => false,
                1 => flags == 0,
                3 => (flags & 6) != 6,
                6 or 8 or 10 => flags is 2 or 10,
                _ => true,
            };

            Assert.True(expected == new FixedHeader((byte)first, 0, 2).TryCheckFlags(ProtocolVersion.V31, out _), $"{first:X2}");
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.V31, true)]
    [InlineData(ProtocolVersion.V311, true)]
    [InlineData(ProtocolVersion.V50, false)]
    public void Overlong_Remaining_Length_is_refused_by_50_only(ProtocolVersion version, bool expected)
    {
        FixedHeader.TryRead([0xC0, 0x80, 0x80, 0x80, 0x00], out var header);

        Assert.Equal(expected, header.TryCheckFlags(version, out var error));
        Assert.Equal(expected ? null : "MQTT-1.5.5-1", error.Rule);
    }
}
