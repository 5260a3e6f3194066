using System.Buffers;

namespace Avocet.Protocol.Topics;

/// <summary>A Topic Name: what a message is published to.</summary>
public static class TopicName
{
    private static readonly SearchValues<byte> Forbidden = SearchValues.Create("+#\0"u8);

    /// <summary>True for a name of 1 to 65,535 bytes without wildcards and U+0000. [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2]</summary>
    public static bool IsValid(ReadOnlySpan<byte> name) => name.Length is > 0 and <= Limits.StringSizeMax && name.IndexOfAny(Forbidden) < 0;

    /// <summary>The position of the first wildcard, or -1.</summary>
    public static int IndexOfWildcard(ReadOnlySpan<byte> name) => name.IndexOfAny((byte)'+', (byte)'#');

    /// <summary>The number of levels: one more than there are separators.</summary>
    public static int CountLevels(ReadOnlySpan<byte> name) => name.Count((byte)'/') + 1;
}
