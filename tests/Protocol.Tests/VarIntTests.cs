using Avocet.Protocol.Wire;
using Avocet.TestKit.Vectors;
using CsCheck;
using Xunit;

namespace Avocet.Protocol.Tests;

public class VarIntTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(1, "01")]
    [InlineData(127, "7F")]
    [InlineData(128, "80 01")]
    [InlineData(321, "C1 02")]
    [InlineData(16_383, "FF 7F")]
    [InlineData(16_384, "80 80 01")]
    [InlineData(2_097_151, "FF FF 7F")]
    [InlineData(2_097_152, "80 80 80 01")]
    [InlineData(268_435_455, "FF FF FF 7F")]
    public void Value_has_one_shortest_encoding(uint value, string hex)
    {
        var bytes = Hex.Parse(hex);
        var written = new byte[Limits.VarIntSizeMax];

        Assert.Equal(bytes.Length, VarInt.Write(written, value));
        Assert.Equal(bytes, written[..bytes.Length]);
        Assert.Equal(bytes.Length, VarInt.SizeOf(value));
        Assert.Equal((DecodeStatus.Done, value, bytes.Length), Read(bytes));
    }

    [Theory]
    [InlineData("80 00", 0, 2)]
    [InlineData("81 80 80 00", 1, 4)]
    [InlineData("FF 00", 127, 2)]
    public void Longer_encoding_is_read_with_its_size(string hex, uint value, int size)
    {
        Assert.Equal((DecodeStatus.Done, value, size), Read(Hex.Parse(hex)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("FF FF")]
    [InlineData("FF FF FF")]
    public void Cut_value_needs_more_data(string hex) => Assert.Equal(DecodeStatus.NeedMoreData, Read(Hex.Parse(hex)).Status);

    [Theory]
    [InlineData("80 80 80 80")]
    [InlineData("FF FF FF FF")]
    [InlineData("FF FF FF FF 7F")]
    public void Fifth_byte_is_malformed_before_it_is_there(string hex) => Assert.Equal(DecodeStatus.Malformed, Read(Hex.Parse(hex)).Status);

    [Fact]
    public void Written_value_is_read_again()
    {
        Gen.UInt[0, Limits.RemainingLengthMax].Sample(value =>
        {
            var bytes = new byte[Limits.VarIntSizeMax];
            var size = VarInt.Write(bytes, value);

            Assert.Equal(VarInt.SizeOf(value), size);
            Assert.Equal((DecodeStatus.Done, value, size), Read(bytes));
            Assert.Equal(DecodeStatus.NeedMoreData, Read(bytes[..(size - 1)]).Status);
        });
    }

    private static (DecodeStatus Status, uint Value, int Size) Read(byte[] bytes)
    {
        var status = VarInt.TryRead(bytes, out var value, out var size);
        return (status, value, size);
    }
}
