using System.Net;
using System.Net.Sockets;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Clients;

/// <summary>The options of mosquitto_pub and mosquitto_sub that say how to get to the broker, and what is found wrong before anybody connects.</summary>
public sealed class ConnectionOptionTests
{
    private static readonly ListenerOptions Listener = new() { Name = "tcp", Port = ListenPort.Auto };

    [Theory]
    [InlineData("The topic 'a/+' has a wildcard, + or #; messages go to one topic.", "pub", "a/+", "x")]
    [InlineData("The topic filter 'a/#/b' is not valid: # stands alone as the last level, + alone as a level, and shared filters are $share/name/filter.", "sub", "a/#/b")]
    [InlineData("The topic filter '$share/a+/b' is not valid: # stands alone as the last level, + alone as a level, and shared filters are $share/name/filter.", "sub", "-t", "$share/a+/b")]
    [InlineData("The topic filter 'a+' is not valid: # stands alone as the last level, + alone as a level, and shared filters are $share/name/filter.", "tree", "a+")]
    [InlineData("The topic '#' has a wildcard, + or #; messages go to one topic.", "request", "#")]
    [InlineData("The topic filter '##' is not valid: # stands alone as the last level, + alone as a level, and shared filters are $share/name/filter.", "respond", "##", "yes")]
    [InlineData("--qos is 3; it is 0, 1 or 2.", "pub", "a", "x", "-q", "3")]
    [InlineData("--psk: TLS with a pre-shared key is not in .NET. Use a certificate (--cert, --key), or a password over TLS.", "pub", "a", "x", "--psk", "ab12")]
    [InlineData("--tls-engine: OpenSSL's engines are not in .NET. Give the key as a file (--key).", "sub", "a", "--tls-engine", "pkcs11")]
    [InlineData("--tls-version is 'tlsv1.1'; it is tlsv1.2 or tlsv1.3. Older versions are not safe.", "sub", "a", "--tls-version", "tlsv1.1")]
    [InlineData("--ciphers: 'HIGH' is not known. Name suites such as TLS_AES_128_GCM_SHA256 or ECDHE-RSA-AES128-GCM-SHA256, with colons between; lists such as HIGH:!aNULL are not understood.", "sub", "a", "--ciphers", "HIGH")]
    [InlineData("--bind-address is 'here'; it is an IP address of this machine.", "sub", "a", "-A", "here")]
    [InlineData("--max-inflight is '0'; it is from 1 to 65535.", "sub", "a", "-M", "0")]
    [InlineData("'http://proxy' is no SOCKS 5 proxy. Use socks5h://host:1080, with user:password@ in front of the host where it asks for them.", "sub", "a", "--proxy", "http://proxy")]
    public async Task Mistake_is_told_before_anybody_connects(string problem, params string[] words)
    {
        // Nobody listens there any more, so that who connects first would say something else.
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        await using var process = ToolProcess.Avocet(port, words);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([$"avocet: {problem}"], process.ErrorLines);
    }

    [Fact]
    public async Task Bind_address_is_where_the_connection_comes_from()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var process = ToolProcess.Avocet(((IPEndPoint)listener.LocalEndpoint).Port, "pub", "a", "x", "-A", "127.0.0.2");

        using var accepted = await listener.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(IPAddress.Parse("127.0.0.2"), ((IPEndPoint)accepted.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Folder_of_authorities_version_and_ciphers_are_used()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(
            new ListenerOptions { Name = "tls", Transport = ListenerTransport.Tls, Port = ListenPort.Auto, Certificates = [certificates.WritePem(folder, "server", "localhost")] });
        var trusted = Directory.CreateDirectory(folder.File("trusted")).FullName;
        await File.WriteAllTextAsync(Path.Combine(trusted, "ca.crt"), certificates.AuthorityPem);
        await File.WriteAllTextAsync(Path.Combine(trusted, "notes.txt"), "no certificate");
        var url = $"mqtts://localhost:{server.PortOf("tls")}";

        await using (var publisher = AvocetProcess.Start("pub", "-L", url, "-t", "a", "-m", "kept", "-r", "-q", "1", "--capath", trusted, "--tls-version", "tlsv1.2")) await publisher.WaitForSuccessAsync();
        await using var subscriber = AvocetProcess.Start("sub", "-L", url, "-t", "a", "-C", "1", "--capath", trusted, "--ciphers", "TLS_AES_256_GCM_SHA384", "--tls-version", "tlsv1.3");
        Assert.Equal("kept", await subscriber.WaitForSuccessAsync());
        await using var without = AvocetProcess.Start("sub", "-L", url, "-t", "a", "-C", "1");
        Assert.Equal(1, await without.WaitForExitAsync());
        await using var empty = AvocetProcess.Start("sub", "-L", url, "-t", "a", "--capath", Directory.CreateDirectory(folder.File("empty")).FullName);
        Assert.Equal(1, await empty.WaitForExitAsync());
        Assert.Equal([$"avocet: {folder.File("empty")} has no certificate; it is to be a folder with PEM files (.pem, .crt, .cer or .0)."], empty.ErrorLines);
    }

    [Fact]
    public async Task Proxy_leads_to_the_broker()
    {
        await using var server = await TestServer.StartAsync(Listener, new ListenerOptions { Name = "ws", Transport = ListenerTransport.Ws, Path = "/mqtt", Port = ListenPort.Auto });
        var (broker, proxyPort) = (server.PortOf("tcp"), FreePort());
        await using var proxy = ChildProcess.Start("microsocks", ["-i", "127.0.0.1", "-p", $"{proxyPort}", "-u", "me", "-P", "secret"]);
        await WaitForListenerAsync(proxyPort);

        await using (var publisher = ToolProcess.Avocet(broker, "pub", "a", "kept", "-r", "-q", "1", "--proxy", $"socks5h://me:secret@127.0.0.1:{proxyPort}")) await publisher.WaitForSuccessAsync();
        await using (var webSocket = AvocetProcess.Start("sub", "-L", $"ws://localhost:{server.PortOf("ws")}/mqtt", "-t", "a", "-C", "1", "--proxy", $"socks5h://me:secret@127.0.0.1:{proxyPort}"))
        {
            Assert.Equal("kept", await webSocket.WaitForSuccessAsync());
        }

        await using var stranger = ToolProcess.Avocet(broker, "sub", "a", "--proxy", $"socks5h://me:wrong@127.0.0.1:{proxyPort}");
        Assert.Equal(1, await stranger.WaitForExitAsync());
        Assert.Equal([$"avocet: The proxy 127.0.0.1 gives no connection to 127.0.0.1:{broker}: it does not accept the user name and the password."], stranger.ErrorLines);
        await using var anonymous = ToolProcess.Avocet(broker, "sub", "a", "--proxy", $"socks5h://127.0.0.1:{proxyPort}");
        Assert.Equal(1, await anonymous.WaitForExitAsync());
        Assert.Equal([$"avocet: The proxy 127.0.0.1 gives no connection to 127.0.0.1:{broker}: it wants a user name and a password; give them in its URL."], anonymous.ErrorLines);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task WaitForListenerAsync(int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }
}
