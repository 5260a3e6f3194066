namespace Avocet.Protocol.Topics;

/// <summary>A shared subscription's filter, <c>$share/{ShareName}/{filter}</c>.</summary>
public readonly ref struct SharedFilter
{
    /// <summary>What a shared filter begins with.</summary>
    public static ReadOnlySpan<byte> Prefix => "$share/"u8;

    public ReadOnlySpan<byte> ShareName { get; private init; }

    /// <summary>The Topic Filter behind the share name.</summary>
    public ReadOnlySpan<byte> Filter { get; private init; }

    /// <summary>True for <c>$share/…</c>; also for a bare <c>$share</c>, which is then not valid.</summary>
    public static bool IsShared(ReadOnlySpan<byte> filter) => filter.StartsWith(Prefix) || filter.SequenceEqual("$share"u8);

    /// <summary>Takes a shared filter apart and checks both parts. [MQTT-4.8.2-1] [MQTT-4.8.2-2]</summary>
    public static bool TryParse(ReadOnlySpan<byte> filter, out SharedFilter shared)
    {
        shared = default;
        if (!filter.StartsWith(Prefix)) return false;

        var rest = filter[Prefix.Length..];
        var slash = rest.IndexOf((byte)'/');
        if (slash <= 0 || TopicName.IndexOfWildcard(rest[..slash]) >= 0) return false;
        if (!TopicFilter.IsValid(rest[(slash + 1)..])) return false;

        shared = new SharedFilter { ShareName = rest[..slash], Filter = rest[(slash + 1)..] };
        return true;
    }
}
