using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>Decoding allocates nothing: neither for what a packet has nor for what it announces.</summary>
public class AllocationTests
{
    [Fact]
    public void Valid_packet_allocates_nothing()
    {
        foreach (var vector in PacketVectors.Valid) AssertAllocatesNothing(vector.Name, vector.Bytes, vector.Version);
    }

    [Fact]
    public void Malformed_packet_allocates_nothing()
    {
        foreach (var vector in PacketVectors.Malformed) AssertAllocatesNothing(vector.Name, vector.Bytes, vector.Version);
    }

    // Packets that announce 256 MB, or strings of 64 kB, and end at once.
    [Theory]
    [InlineData("")]
    [InlineData("00 04 'MQTT' 05 02 00 3C FF FF FF 7F")]
    [InlineData("00 04 'MQTT' 05 02 00 3C 00 FF FF 'a'")]
    [InlineData("FF FF 'a'")]
    [InlineData("00 01 FF FF FF 7F 26 FF FF")]
    [InlineData("00 01 'a' FF FF FF 7F 26 FF FF")]
    [InlineData("00 01 06 26 FF FF 'a' FF FF")]
    [InlineData("00 01 00 FF FF 'a'")]
    public void Announced_length_allocates_nothing(string bodyHex)
    {
        foreach (var version in new[] { ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V50 })
        {
            for (var first = 0; first < 256; first++)
            {
                byte[] huge = [(byte)first, 0xFF, 0xFF, 0xFF, 0x7F, .. Hex.Parse(bodyHex)];
                AssertAllocatesNothing($"{first:X2} {bodyHex}", huge, version);

                var body = Hex.Parse(bodyHex);
                byte[] small = [(byte)first, (byte)body.Length, .. body];
                AssertAllocatesNothing($"{first:X2} {bodyHex}", small, version);
            }
        }
    }

    [Fact]
    public void Invariants_of_the_fuzzer_allocate_nothing()
    {
        var scratch = new byte[4_000_000];
        foreach (var vector in PacketVectors.Valid)
        {
            var bytes = vector.Bytes;
            PacketInvariants.FindBroken(bytes, vector.Version, scratch, out _);
            var before = GC.GetAllocatedBytesForCurrentThread();
            PacketInvariants.FindBroken(bytes, vector.Version, scratch, out _);

            Assert.Equal((vector.Name, 0), (vector.Name, GC.GetAllocatedBytesForCurrentThread() - before));
        }
    }

    private static void AssertAllocatesNothing(string name, byte[] bytes, ProtocolVersion version)
    {
        Decode(bytes, version);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decode(bytes, version);

        Assert.Equal((name, 0), (name, GC.GetAllocatedBytesForCurrentThread() - before));
    }

    private static void Decode(ReadOnlySpan<byte> bytes, ProtocolVersion version)
    {
        if (FixedHeader.TryRead(bytes, out var header) != DecodeStatus.Done) return;

        var length = Math.Min(header.RemainingLength, bytes.Length - header.Size);
        AnyPacket.TryDecode(header, bytes.Slice(header.Size, length), version, out _);
    }
}
