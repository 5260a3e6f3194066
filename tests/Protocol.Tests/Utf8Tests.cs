using System.Text;
using Avocet.Protocol.Packets;
using Avocet.TestKit.Vectors;
using CsCheck;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>UTF-8 strings, seen through the client identifier, which may be any string.</summary>
public class Utf8Tests
{
    [Theory]
    [InlineData("")]
    [InlineData("61")]
    [InlineData("01")]
    [InlineData("1F")]
    [InlineData("7F")]
    [InlineData("C2 80")]
    [InlineData("C2 9F")]
    [InlineData("C3 A9")]
    [InlineData("DF BF")]
    [InlineData("E0 A0 80")]
    [InlineData("ED 9F BF")]
    [InlineData("EE 80 80")]
    [InlineData("EF BB BF")]
    [InlineData("EF B7 90")]
    [InlineData("EF BF BD")]
    [InlineData("EF BF BE")]
    [InlineData("EF BF BF")]
    [InlineData("F0 90 80 80")]
    [InlineData("F0 9F 98 80")]
    [InlineData("F4 8F BF BF")]
    public void Valid_string_is_kept_byte_for_byte(string hex)
    {
        var text = Hex.Parse(hex);

        Assert.Null(RuleFor(text, ProtocolVersion.V311));
        Assert.Null(RuleFor(text, ProtocolVersion.V50));
    }

    [Theory]
    [InlineData("80")]
    [InlineData("BF")]
    [InlineData("C0 80")]
    [InlineData("C1 BF")]
    [InlineData("C3")]
    [InlineData("C3 28")]
    [InlineData("E0 80 80")]
    [InlineData("E0 9F BF")]
    [InlineData("E2 82")]
    [InlineData("E2 28 A1")]
    [InlineData("ED A0 80")]
    [InlineData("ED AF BF")]
    [InlineData("ED B0 80")]
    [InlineData("ED BF BF")]
    [InlineData("ED A0 BD ED B8 80")]
    [InlineData("F0 80 80 80")]
    [InlineData("F0 8F BF BF")]
    [InlineData("F0 9F 98")]
    [InlineData("F4 90 80 80")]
    [InlineData("F5 80 80 80")]
    [InlineData("F8 88 80 80 80")]
    [InlineData("FE")]
    [InlineData("FF")]
    public void Ill_formed_string_is_refused_wherever_it_stands(string hex)
    {
        byte[] bad = Hex.Parse(hex);

        foreach (var text in new byte[][] { bad, [0x61, .. bad], [.. bad, 0x61], [.. new byte[40].Select(_ => (byte)'x'), .. bad] })
        {
            Assert.Equal("3.1.1 MQTT-1.5.3-1", RuleFor(text, ProtocolVersion.V311));
            Assert.Equal("MQTT-1.5.4-1", RuleFor(text, ProtocolVersion.V50));
        }
    }

    [Theory]
    [InlineData("00")]
    [InlineData("00 61")]
    [InlineData("61 00")]
    [InlineData("C3 A9 00 C3 A9")]
    public void String_with_zero_is_refused(string hex)
    {
        Assert.Equal("3.1.1 MQTT-1.5.3-2", RuleFor(Hex.Parse(hex), ProtocolVersion.V311));
        Assert.Equal("MQTT-1.5.4-2", RuleFor(Hex.Parse(hex), ProtocolVersion.V50));
    }

    // The strict encoder of .NET is the second opinion.
    [Fact]
    public void Random_string_is_accepted_exactly_if_it_is_well_formed()
    {
        var strict = new UTF8Encoding(false, true);
        Gen.Byte.Array[0, 12].Sample(text =>
        {
            var isValid = !text.Contains((byte)0);
            try
            {
                strict.GetCharCount(text);
            }
            catch (DecoderFallbackException)
            {
                isValid = false;
            }

            Assert.Equal(isValid, RuleFor(text, ProtocolVersion.V50) is null);
        }, iter: 5_000);
    }

    private static string? RuleFor(byte[] text, ProtocolVersion version)
    {
        var bytes = new byte[100 + text.Length];
        var size = new ConnectPacket { Version = version, CleanStart = true, ClientId = text }.Encode(bytes);
        FixedHeader.TryRead(bytes, out var header);
        if (!ConnectPacket.TryDecode(header, bytes.AsSpan(header.Size, header.RemainingLength), out var packet, out var error)) return error.Rule;

        Assert.Equal(text, packet.ClientId.ToArray());
        Assert.Equal(size, header.PacketSize);
        return null;
    }
}
