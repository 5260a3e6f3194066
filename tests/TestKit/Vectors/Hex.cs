using System.Buffers;
using System.Globalization;
using System.Text;

namespace Avocet.TestKit.Vectors;

/// <summary>The notation of packet tables: hex bytes and quoted ASCII, separated by spaces, each with an optional repetition.</summary>
public static class Hex
{
    /// <summary>Reads <c>30 05 00 03 'a/b'</c>; <c>61*300</c> and <c>'ab'*3</c> repeat.</summary>
    public static byte[] Parse(string text)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var position = 0;
        while (position < text.Length)
        {
            if (text[position] == ' ')
            {
                position++;
                continue;
            }

            var item = TakeItem(text, ref position);
            var times = TakeTimes(text, ref position);
            if (item.Length == 1)
            {
                bytes.GetSpan(times)[..times].Fill(item[0]);
                bytes.Advance(times);
                continue;
            }

            for (var i = 0; i < times; i++) bytes.Write(item);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Writes bytes as hex pairs with spaces.</summary>
    public static string Format(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (var b in bytes) text.Append(text.Length == 0 ? "" : " ").Append(b.ToString("X2", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private static byte[] TakeItem(string text, ref int position)
    {
        if (text[position] == '\'')
        {
            var end = text.IndexOf('\'', position + 1);
            if (end < 0) throw new FormatException($"Quote at {position} is not closed: {text}");

            var quoted = Encoding.ASCII.GetBytes(text[(position + 1)..end]);
            position = end + 1;
            return quoted;
        }

        if (position + 2 > text.Length || !byte.TryParse(text.AsSpan(position, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
        {
            throw new FormatException($"No hex pair at {position}: {text}");
        }

        position += 2;
        return [b];
    }

    private static int TakeTimes(string text, ref int position)
    {
        if (position >= text.Length || text[position] != '*') return 1;

        var start = ++position;
        while (position < text.Length && char.IsAsciiDigit(text[position])) position++;
        return int.Parse(text.AsSpan(start, position - start), CultureInfo.InvariantCulture);
    }
}
