namespace Avocet.Protocol.Topics;

/// <summary>A Topic Filter: what a subscription asks for.</summary>
public static class TopicFilter
{
    /// <summary>
    /// True for 1 to 65,535 bytes without U+0000, with <c>#</c> only as the whole last level and <c>+</c> only as a whole level.
    /// [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1]
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> filter)
    {
        if (filter.Length is 0 or > Limits.StringSizeMax || filter.Contains((byte)0)) return false;

        for (var start = 0; ;)
        {
            var wildcard = TopicName.IndexOfWildcard(filter[start..]);
            if (wildcard < 0) return true;

            var at = start + wildcard;
            if (at > 0 && filter[at - 1] != '/') return false;

            var isLast = at == filter.Length - 1;
            if (filter[at] == '#') return isLast;
            if (!isLast && filter[at + 1] != '/') return false;

            start = at + 1;
        }
    }

    public static bool HasWildcard(ReadOnlySpan<byte> filter) => TopicName.IndexOfWildcard(filter) >= 0;

    /// <summary>
    /// Matches level by level and byte by byte, without any normalisation. [MQTT-4.7.3-4] A leading wildcard does not match a name that
    /// begins with <c>$</c>. [MQTT-4.7.2-1] Both must be valid; a shared filter is given without its prefix.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> name)
    {
        if (name[0] == '$' && filter[0] is (byte)'+' or (byte)'#') return false;

        while (true)
        {
            var level = TakeLevel(ref filter, out var filterEnds);
            if (level.Length == 1 && level[0] == '#') return true;

            var nameLevel = TakeLevel(ref name, out var nameEnds);
            var isPlus = level.Length == 1 && level[0] == '+';
            if (!isPlus && !level.SequenceEqual(nameLevel)) return false;
            if (filterEnds) return nameEnds;

            // "a/#" matches its parent "a" too.
            if (nameEnds) return filter.Length == 1 && filter[0] == '#';
        }
    }

    private static ReadOnlySpan<byte> TakeLevel(ref ReadOnlySpan<byte> rest, out bool isLast)
    {
        var slash = rest.IndexOf((byte)'/');
        isLast = slash < 0;
        var level = isLast ? rest : rest[..slash];
        rest = isLast ? default : rest[(slash + 1)..];
        return level;
    }
}
