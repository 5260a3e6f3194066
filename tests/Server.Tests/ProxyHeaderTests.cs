using System.Buffers;
using System.Text;
using Avocet.Server.Transports;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>Vectors of the PROXY protocol, both versions.</summary>
public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    /// <summary>Name, header as text, the client's address (empty where the proxy tells none).</summary>
    public static TheoryData<string, string, string> GoodTexts => new()
    {
        { "IPv4", "PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n", "192.0.2.1:56324" },
        { "IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1" },
        { "port 0", "PROXY TCP4 192.0.2.1 198.51.100.1 0 0\r\n", "192.0.2.1:0" },
        { "unknown", "PROXY UNKNOWN\r\n", "" },
        { "unknown with addresses", "PROXY UNKNOWN ffff:f:f:f:f:f:f:f ffff:f:f:f:f:f:f:f 65535 65535\r\n", "" },
        {
            "longest",
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"
        },
    };

    public static TheoryData<string, string> BadTexts => new()
    {
        { "not a header", "GET / HTTP/1.1\r\n" },
        { "MQTT CONNECT", "\u0010\u0010\0\u0004MQTT" },
        { "family unknown to the protocol", "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n" },
        { "unknown with a tail", "PROXY UNKNOWNX\r\n" },
        { "address of the other family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n" },
        { "IPv4 in TCP6", "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n" },
        { "short address", "PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n" },
        { "name for an address", "PROXY TCP4 client.example proxy.example 1 2\r\n" },
        { "address with a scope", "PROXY TCP6 fe80::1%1 fe80::2 1 2\r\n" },
        { "bad destination", "PROXY TCP4 192.0.2.1 x 1 2\r\n" },
        { "port too large", "PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n" },
        { "negative port", "PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n" },
        { "port missing", "PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n" },
        { "field too many", "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n" },
        { "two spaces", "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n" },
        { "no end within 107 bytes", "PROXY UNKNOWN " + new string('x', 100) + "\r\n" },
    };

    /// <summary>Name, header as hex after the signature, the client's address.</summary>
    public static TheoryData<string, string, string> GoodBinaries => new()
    {
        { "IPv4", "21 11 000C C0000201 C6336401 DC04 075B", "192.0.2.1:56324" },
        { "IPv6", "21 21 0024 20010DB8000000000000000000000001 20010DB8000000000000000000000002 0001 FFFF", "[2001:db8::1]:1" },
        { "IPv4 with extensions", "21 11 0013 C0000201 C6336401 DC04 075B 04 0004 00000000", "192.0.2.1:56324" },
        { "local, as health checks send it", "20 00 0000", "" },
        { "local with an address that does not count", "20 11 000C C0000201 C6336401 DC04 075B", "" },
        { "unspecified family", "21 00 0003 010203", "" },
        { "Unix socket", "21 31 0004 01020304", "" },
    };

    public static TheoryData<string, string> BadBinaries => new()
    {
        { "version 1 in binary", "11 11 000C C0000201 C6336401 DC04 075B" },
        { "command unknown to the protocol", "22 11 000C C0000201 C6336401 DC04 075B" },
        { "IPv4 block too short", "21 11 000B C0000201 C6336401 DC04 07" },
        { "IPv6 block too short", "21 21 000C C0000201 C6336401 DC04 075B" },
        { "longer than any proxy sends", "21 11 0801" },
    };

    [Theory, MemberData(nameof(GoodTexts))]
    public void Text_header_gives_the_clients_address(string name, string header, string address)
    {
        AssertGood(name, Encoding.ASCII.GetBytes(header), address);
    }

    [Theory, MemberData(nameof(GoodBinaries))]
    public void Binary_header_gives_the_clients_address(string name, string header, string address)
    {
        AssertGood(name, Convert.FromHexString(Signature + header.Replace(" ", "", StringComparison.Ordinal)), address);
    }

    [Theory, MemberData(nameof(BadTexts))]
    public void Text_header_with_a_mistake_is_malformed(string name, string header)
    {
        AssertMalformed(name, Encoding.ASCII.GetBytes(header));
    }

    [Theory, MemberData(nameof(BadBinaries))]
    public void Binary_header_with_a_mistake_is_malformed(string name, string header)
    {
        AssertMalformed(name, Convert.FromHexString(Signature + header.Replace(" ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Signature_with_a_wrong_byte_is_malformed_at_once()
    {
        Assert.Equal(ProxyHeaderStatus.Malformed, ProxyHeader.TryRead(new ReadOnlySequence<byte>("\r\n\r\n\0\r\nQUIX"u8.ToArray()), out _, out _));
        Assert.Equal(ProxyHeaderStatus.NeedMoreData, ProxyHeader.TryRead(ReadOnlySequence<byte>.Empty, out _, out _));
    }

    private static void AssertGood(string name, byte[] header, string address)
    {
        byte[] withPacket = [.. header, 0xC0, 0x00];

        var status = ProxyHeader.TryRead(new ReadOnlySequence<byte>(withPacket), out var consumed, out var source);

        Assert.True(status == ProxyHeaderStatus.Done, $"{name}: {status}");
        Assert.Equal(header.Length, consumed);
        Assert.Equal(address, source?.ToString() ?? "");
        for (var length = 0; length < header.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(header, 0, length);
            Assert.Equal(ProxyHeaderStatus.NeedMoreData, ProxyHeader.TryRead(part, out _, out _));
        }
    }

    private static void AssertMalformed(string name, byte[] header)
    {
        var status = ProxyHeader.TryRead(new ReadOnlySequence<byte>(header), out _, out var source);

        Assert.True(status == ProxyHeaderStatus.Malformed, $"{name}: {status}");
        Assert.Null(source);
    }
}
