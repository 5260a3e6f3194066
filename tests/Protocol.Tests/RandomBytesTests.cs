using Avocet.TestKit.Vectors;
using CsCheck;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>Bytes of which nothing is known never throw and are never read past their end.</summary>
public class RandomBytesTests
{
    private static readonly byte[][] Seeds =
        [.. PacketVectors.Valid.Where(vector => vector.Hex.Length < 1_000 && !vector.Hex.Contains('*', StringComparison.Ordinal)).Select(vector => vector.Bytes)];

    [Fact]
    public void Random_bytes_keep_the_invariants()
    {
        Gen.Select(Generators.Version, Gen.Byte.Array[0, 64]).Sample(AssertInvariants, iter: 50_000);
    }

    // A right Remaining Length takes random bytes past the fixed header.
    [Fact]
    public void Random_body_keeps_the_invariants()
    {
        var packets = Gen.Select(Gen.Byte, Gen.OneOf(Gen.Byte, Gen.Byte[0, 4], Gen.Byte[0, 0x2B]).Array[0, 100], (first, body) => (byte[])[first, (byte)body.Length, .. body]);

        Gen.Select(Generators.Version, packets).Sample(AssertInvariants, iter: 50_000);
    }

    [Fact]
    public void Mutated_packet_keeps_the_invariants()
    {
        var change = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1_000], Gen.Byte);
        var packets = Gen.Select(Gen.OneOf(Seeds), change.Array[1, 4], (seed, changes) => changes.Aggregate(seed, Change));

        Gen.Select(Generators.Version, packets).Sample(AssertInvariants, iter: 50_000);
    }

    // Between guards of two kinds the packet has to mean the same; what depends on a byte outside would differ.
    private static void AssertInvariants(ProtocolVersion version, byte[] bytes)
    {
        byte[] zeros = [.. new byte[64], .. bytes, .. new byte[64]];
        var ones = new byte[zeros.Length];
        ones.AsSpan().Fill(0xFF);
        bytes.CopyTo(ones, 64);
        var scratch = new byte[bytes.Length];

        Assert.Null(PacketInvariants.FindBroken(zeros.AsSpan(64, bytes.Length), version, scratch, out var isAcceptedInZeros));
        Assert.Null(PacketInvariants.FindBroken(ones.AsSpan(64, bytes.Length), version, scratch, out var isAcceptedInOnes));
        Assert.Equal(isAcceptedInZeros, isAcceptedInOnes);
        Assert.Equal(PacketText.Describe(zeros.AsSpan(64, bytes.Length), version), PacketText.Describe(ones.AsSpan(64, bytes.Length), version));
    }

    private static byte[] Change(byte[] bytes, (int Kind, int Position, byte Value) change)
    {
        var at = bytes.Length == 0 ? 0 : change.Position % bytes.Length;
        byte[] changed = change.Kind switch
        {
            0 => [.. bytes[..at], change.Value, .. bytes[at..]],
            1 when bytes.Length > 0 => [.. bytes[..at], .. bytes[(at + 1)..]],
            2 => bytes[..at],
            _ => bytes.ToArray(),
        };
        if (change.Kind == 3 && bytes.Length > 0) changed[at] = change.Value;

        // Every other time the Remaining Length follows, where it has one byte.
        if (change.Value % 2 == 0 && changed.Length is > 1 and < 130) changed[1] = (byte)(changed.Length - 2);
        return changed;
    }
}
