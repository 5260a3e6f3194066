using System.IO.Hashing;

namespace Avocet.Broker.Topics;

/// <summary>Compares UTF-8 byte strings byte for byte and lets dictionaries be searched with a span.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    // A seed of its own for each process, so that nobody can prepare topics that collide.
    private static readonly long Seed = Random.Shared.NextInt64();

    public static Utf8Comparer Instance { get; } = new();

    public static int HashOf(ReadOnlySpan<byte> bytes) => (int)XxHash3.HashToUInt64(bytes, Seed);

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => HashOf(obj);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => HashOf(alternate);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
