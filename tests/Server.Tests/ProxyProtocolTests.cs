using System.Text;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class ProxyProtocolTests
{
    private static readonly ListenerOptions Listener = new() { Name = "proxied", Port = ListenPort.Auto, ProxyProtocol = true };

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n", "192.0.2.1:56324")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 7 1883\r\n", "[2001:db8::1]:7")]
    public async Task Connection_has_the_address_that_the_proxy_tells(string header, string address)
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var stream = await server.OpenAsync("proxied");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(header));

        var peer = await StreamPeer.ConnectAsync(stream, Given.Client("c"));
        await peer.ExpectNothingAsync();

        Assert.Contains(server.Log.Entries, entry => entry.Message.Contains($"from {address}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Header_and_connect_may_come_in_one_piece_or_byte_by_byte()
    {
        await using var server = await TestServer.StartAsync(Listener);
        byte[] bytes = [.. Convert.FromHexString("0D0A0D0A000D0A515549540A2111000CC0000201C6336401DC04075B"), .. Given.Client("c").Encode()];
        await using var whole = await server.OpenAsync("proxied");
        await using var pieces = await server.OpenAsync("proxied");

        await whole.WriteAsync(bytes);
        await StreamPeer.Over(whole).ReadPacketAsync(Protocol.PacketType.Connack);
        foreach (var b in bytes) await pieces.WriteAsync(new[] { b });
        await StreamPeer.Over(pieces).ReadPacketAsync(Protocol.PacketType.Connack);
    }

    [Fact]
    public async Task Header_may_stand_before_tls()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener with
        {
            Transport = ListenerTransport.Tls,
            Certificates = [certificates.WritePem(folder, "server", "localhost")],
        });
        await using var stream = await server.OpenAsync("proxied");
        await stream.WriteAsync("PROXY TCP4 192.0.2.1 198.51.100.1 56324 8883\r\n"u8.ToArray());
        await using var tls = await TlsTests.AuthenticateAsync(stream, certificates, "localhost");

        await StreamPeer.ConnectAsync(tls, Given.Client("c"));

        Assert.Contains(server.Log.Entries, entry => entry.Message.Contains("from 192.0.2.1:56324", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Header_may_stand_before_a_websocket()
    {
        await using var server = await TestServer.StartAsync(Listener with { Transport = ListenerTransport.Ws });
        await using var stream = await server.OpenAsync("proxied");
        await stream.WriteAsync("PROXY TCP4 192.0.2.1 198.51.100.1 56324 8083\r\nGET /mqtt HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());

        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 426 Upgrade Required", await reader.ReadLineAsync());

        Assert.Single(server.Log.Entries, entry => entry.Message.Contains("from 192.0.2.1:56324 refused with 426", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connection_without_a_header_is_closed_and_logged()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var stream = await server.OpenAsync("proxied");

        await stream.WriteAsync(Given.Client("c").Encode());

        await StreamPeer.Over(stream).ExpectCloseAsync();
        Assert.Single(server.Log.Entries, entry => entry.Event.Id == 2041);
    }

    [Fact]
    public async Task Connection_that_never_sends_its_header_is_closed()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync(new ServerOptions { Listeners = [Listener] }, clock);
        await using var stream = await server.OpenAsync("proxied");
        await stream.WriteAsync("PROXY"u8.ToArray());

        // The deadline begins when the server sees the connection, some moment from now; the clock goes on until it has passed.
        var closed = StreamPeer.Over(stream).ExpectCloseAsync();
        while (await Task.WhenAny(closed, Task.Delay(10)) != closed) clock.Advance(TimeSpan.FromSeconds(1));

        await closed;
        Assert.Single(server.Log.Entries, entry => entry.Message.Contains("no whole header within 5 s", StringComparison.Ordinal));
    }
}
