using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Wire;
using Avocet.TestKit.Vectors;

namespace Avocet.TestKit.Packets;

/// <summary>Bytes as hex: packets to send that no builder makes, and packets to read in a failing test.</summary>
public static class HexText
{
    private const int PerLine = 16, LinesMax = 16;

    /// <summary>A packet from its first byte and its body; the Remaining Length is put between them.</summary>
    public static byte[] Packet(byte firstByte, string body)
    {
        var bytes = Hex.Parse(body);
        var length = new byte[Limits.VarIntSizeMax];
        var size = VarInt.Write(length, (uint)bytes.Length);
        return [firstByte, .. length[..size], .. bytes];
    }

    /// <summary>Lines of sixteen bytes with their offset and text; long packets are cut.</summary>
    public static string Dump(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        for (var start = 0; start < bytes.Length; start += PerLine)
        {
            if (start == PerLine * LinesMax)
            {
                text.Append("      … ").Append(bytes.Length).AppendLine(" bytes");
                break;
            }

            text.Append("      ").Append(start.ToString("X4", provider: null));
            var line = bytes.Slice(start, Math.Min(PerLine, bytes.Length - start));
            foreach (var b in line) text.Append(' ').Append(b.ToString("X2", provider: null));
            text.Append(' ', (3 * (PerLine - line.Length)) + 2);
            foreach (var b in line) text.Append(b is >= 0x20 and < 0x7F ? (char)b : '.');
            text.AppendLine();
        }

        return text.ToString();
    }
}
