using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Avocet.Server.Transports;

/// <summary>What reading a PROXY header came to.</summary>
internal enum ProxyHeaderStatus
{
    Done,
    NeedMoreData,
    Malformed,
}

/// <summary>Reads the PROXY protocol header, version 1 (text) and 2 (binary), as HAProxy describes it.</summary>
internal static class ProxyHeader
{
    /// <summary>The longest version 1 header, its CR LF included.</summary>
    public const int TextBytesMax = 107;

    /// <summary>Bytes of addresses and extensions accepted in version 2; proxies send a few hundred at most.</summary>
    public const int BinaryBodyBytesMax = 2048;

    /// <summary>A reader that wants more than this has been lied to.</summary>
    public const int BytesMax = BinaryHeadBytes + BinaryBodyBytesMax;

    private const int BinaryHeadBytes = 16;

    private static ReadOnlySpan<byte> TextSignature => "PROXY "u8;

    private static ReadOnlySpan<byte> BinarySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads a header at the start of the buffer.</summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="consumed">The bytes of the header, when done.</param>
    /// <param name="source">The client's address, when done; null when the proxy does not tell one (LOCAL, UNKNOWN).</param>
    public static ProxyHeaderStatus TryRead(in ReadOnlySequence<byte> buffer, out int consumed, out IPEndPoint? source)
    {
        Span<byte> copy = stackalloc byte[BytesMax];
        var length = (int)Math.Min(buffer.Length, BytesMax);
        buffer.Slice(0, length).CopyTo(copy);
        ReadOnlySpan<byte> bytes = copy[..length];

        consumed = 0;
        source = null;
        if (bytes.IsEmpty) return ProxyHeaderStatus.NeedMoreData;
        if (StartsAs(bytes, TextSignature)) return TryReadText(bytes, out consumed, out source);
        if (StartsAs(bytes, BinarySignature)) return TryReadBinary(bytes, out consumed, out source);
        return ProxyHeaderStatus.Malformed;
    }

    /// <summary>Whether the bytes that are there agree with the signature.</summary>
    private static bool StartsAs(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        var length = Math.Min(bytes.Length, signature.Length);
        return bytes[..length].SequenceEqual(signature[..length]);
    }

    private static ProxyHeaderStatus TryReadText(ReadOnlySpan<byte> bytes, out int consumed, out IPEndPoint? source)
    {
        consumed = 0;
        source = null;
        var window = bytes[..Math.Min(bytes.Length, TextBytesMax)];
        var end = window.IndexOf("\r\n"u8);
        if (end < 0) return bytes.Length < TextBytesMax ? ProxyHeaderStatus.NeedMoreData : ProxyHeaderStatus.Malformed;

        consumed = end + 2;
        var line = window[TextSignature.Length..end];
        if (line.StartsWith("UNKNOWN"u8) && (line.Length == 7 || line[7] == ' ')) return ProxyHeaderStatus.Done;

        Span<char> text = stackalloc char[line.Length];
        Encoding.Latin1.GetChars(line, text);
        Span<Range> parts = stackalloc Range[6];
        if (((ReadOnlySpan<char>)text).Split(parts, ' ') != 5) return ProxyHeaderStatus.Malformed;

        var family = text[parts[0]];
        var wantsV4 = family.SequenceEqual("TCP4");
        if (!wantsV4 && !family.SequenceEqual("TCP6")) return ProxyHeaderStatus.Malformed;
        if (!TryReadAddress(text[parts[1]], wantsV4, out var address)) return ProxyHeaderStatus.Malformed;
        if (!TryReadAddress(text[parts[2]], wantsV4, out _)) return ProxyHeaderStatus.Malformed;
        if (!TryReadPort(text[parts[3]], out var port) || !TryReadPort(text[parts[4]], out _)) return ProxyHeaderStatus.Malformed;

        source = new IPEndPoint(address, port);
        return ProxyHeaderStatus.Done;
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, bool wantsV4, out IPAddress address)
    {
        address = IPAddress.None;
        foreach (var c in text)
        {
            // IPAddress is laxer than the protocol: scope ids, brackets and hexadecimal IPv4 are no addresses here.
            if (!(char.IsAsciiHexDigit(c) || c is '.' or ':')) return false;
        }

        if (text.Contains(':') == wantsV4) return false;
        if (wantsV4 && text.Count('.') != 3) return false;
        if (!IPAddress.TryParse(text, out var parsed)) return false;

        address = parsed;
        return true;
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65_535;

    private static ProxyHeaderStatus TryReadBinary(ReadOnlySpan<byte> bytes, out int consumed, out IPEndPoint? source)
    {
        consumed = 0;
        source = null;
        if (bytes.Length < BinaryHeadBytes) return ProxyHeaderStatus.NeedMoreData;

        var versionAndCommand = bytes[12];
        if (versionAndCommand is not (0x20 or 0x21)) return ProxyHeaderStatus.Malformed;

        var bodyLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (bodyLength > BinaryBodyBytesMax) return ProxyHeaderStatus.Malformed;
        if (bytes.Length < BinaryHeadBytes + bodyLength) return ProxyHeaderStatus.NeedMoreData;

        consumed = BinaryHeadBytes + bodyLength;
        var isLocal = versionAndCommand == 0x20;
        if (isLocal) return ProxyHeaderStatus.Done;

        var body = bytes.Slice(BinaryHeadBytes, bodyLength);
        switch (bytes[13])
        {
            case 0x11 when bodyLength >= 12:
                source = new IPEndPoint(new IPAddress(body[..4]), BinaryPrimitives.ReadUInt16BigEndian(body[8..]));
                return ProxyHeaderStatus.Done;
            case 0x21 when bodyLength >= 36:
                source = new IPEndPoint(new IPAddress(body[..16]), BinaryPrimitives.ReadUInt16BigEndian(body[32..]));
                return ProxyHeaderStatus.Done;
            case 0x11 or 0x21:
                return ProxyHeaderStatus.Malformed;
            default:
                // Unspecified, Unix or UDP: the proxy's own address stands.
                return ProxyHeaderStatus.Done;
        }
    }
}
