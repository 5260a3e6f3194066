using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>Every packet of the tables that breaks a rule.</summary>
public class MalformedVectorTests
{
    private static readonly Dictionary<string, MalformedVector> Vectors =
        PacketVectors.Malformed.Concat(PacketVectors.Forbidden).ToDictionary(vector => vector.Name);

    public static TheoryData<string> Malformed => [.. PacketVectors.Malformed.Select(vector => vector.Name)];

    public static TheoryData<string> Forbidden => [.. PacketVectors.Forbidden.Select(vector => vector.Name)];

    [Theory, MemberData(nameof(Malformed))]
    public void Malformed_packet_gives_its_reason_and_rule(string name)
    {
        var vector = Vectors[name];

        Assert.False(AnyPacket.TryDecode(vector.Bytes, vector.Version, out var error), $"accepted: {PacketText.Describe(vector.Bytes, vector.Version)}");
        Assert.Equal((vector.Reason, vector.Rule), (error.Reason, error.Rule));
        Assert.InRange(error.Offset, 0, vector.Bytes.Length);
        Assert.NotEmpty(error.Field);
        Assert.NotEmpty(error.Problem);
    }

    [Theory, MemberData(nameof(Malformed))]
    public void Malformed_packet_says_the_same_whatever_follows_it(string name)
    {
        var vector = Vectors[name];
        AnyPacket.TryDecode(vector.Bytes, vector.Version, out var alone);
        AnyPacket.TryDecode([.. vector.Bytes, .. new byte[64]], vector.Version, out var followed);

        Assert.Equal(alone, followed);
    }

    [Theory, MemberData(nameof(Malformed))]
    public void Malformed_packet_cut_anywhere_keeps_the_invariants(string name)
    {
        var vector = Vectors[name];
        var bytes = vector.Bytes;

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(PacketInvariants.FindBroken(bytes.AsSpan(0, length), vector.Version, new byte[bytes.Length], out _));
        }
    }

    [Theory, MemberData(nameof(Forbidden))]
    public void Forbidden_packet_decodes(string name)
    {
        var vector = Vectors[name];

        Assert.True(AnyPacket.TryDecode(vector.Bytes, vector.Version, out var error), error.ToString());
    }

    [Fact]
    public void Error_tells_field_problem_offset_and_rule()
    {
        AnyPacket.TryDecode(Hex.Parse("30 06 00 03 'a/+' 00"), ProtocolVersion.V50, out var error);

        Assert.Equal("topic name has a wildcard, which belongs in topic filters at byte 6. [MQTT-3.3.2-2]", error.ToString());
    }

    // The offset is what an operator looks at in a hex dump.
    [Theory]
    [InlineData("C0 01 00", 1)]
    [InlineData("80 00", 0)]
    [InlineData("82 07 00 00 00 00 01 'a' 00", 2)]
    [InlineData("82 07 00 01 00 00 01 'a' 03", 8)]
    [InlineData("82 07 00 01 00 00 01 00 00", 7)]
    [InlineData("82 04 00 01 00 00", 5)]
    [InlineData("90 06 00 01 00 00 01 03", 7)]
    [InlineData("30 09 00 01 'a' 05 01 01 23 00 00", 9)]
    [InlineData("30 06 00 01 'a' 02 2B 01", 6)]
    [InlineData("10 14 00 04 'MQTT' 05 06 00 3C 00 00 01 'a' 00 00 01 '+' 00 00", 19)]
    [InlineData("30 82 80 00 00 00", 1)]
    public void Error_points_at_the_byte(string hex, int offset)
    {
        AnyPacket.TryDecode(Hex.Parse(hex), ProtocolVersion.V50, out var error);

        Assert.True(offset == error.Offset, error.ToString());
    }
}
