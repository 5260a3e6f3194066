namespace Avocet.Protocol.Properties;

/// <summary>One property, borrowed from the block it lies in.</summary>
public readonly ref struct Property
{
    public required PropertyId Id { get; init; }

    /// <summary>The value of a Byte, Two Byte, Four Byte or Variable Byte Integer.</summary>
    public uint Integer { get; init; }

    /// <summary>The value of a string or Binary Data; the name of a string pair.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>The value of a string pair.</summary>
    public ReadOnlySpan<byte> PairValue { get; init; }

    /// <summary>The property as it is on the wire, identifier included.</summary>
    public ReadOnlySpan<byte> Encoded { get; init; }
}
