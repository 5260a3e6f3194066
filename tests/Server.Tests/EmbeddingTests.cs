using System.Net;
using System.Net.Sockets;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>The server as a part of another program.</summary>
public sealed class EmbeddingTests
{
    private static readonly ServerOptions Options = new() { DataFolder = "", Listeners = [new ListenerOptions { Name = "tcp", Port = ListenPort.Auto }] };

    [Fact]
    public async Task Server_starts_and_stops_with_its_host()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAvocet(Options);
        using var host = builder.Build();
        await host.StartAsync();
        var server = host.Services.GetRequiredService<AvocetServer>();
        await using var stream = await OpenAsync(server);
        var peer = await StreamPeer.ConnectAsync(stream, Given.Client("c"));

        await host.StopAsync();

        await peer.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
    }

    [Fact]
    public async Task Authenticator_of_the_program_decides_and_lets_the_server_listen_everywhere()
    {
        var options = Options with { Listeners = [Options.Listeners[0] with { Address = "*" }] };
        await using var server = AvocetServer.Create(options, new BrokerServices { Authenticators = [new OnlyAnna()] });
        await server.StartAsync(CancellationToken.None);
        await using var good = await OpenAsync(server);
        await using var bad = await OpenAsync(server);

        await StreamPeer.ConnectAsync(good, Given.Client("a").UserName("anna").Password("p"));
        var stranger = StreamPeer.Over(bad);
        await stranger.SendAsync(Given.Client("b").Encode());

        await stranger.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Two_servers_run_side_by_side_and_stop_twice_without_harm()
    {
        await using var first = AvocetServer.Create(Options, new BrokerServices { LoggerFactory = NullLoggerFactory.Instance });
        await using var second = AvocetServer.Create(Options, new BrokerServices());
        await first.StartAsync(CancellationToken.None);
        await second.StartAsync(CancellationToken.None);
        Assert.NotEqual(first.Listeners[0].EndPoint, second.Listeners[0].EndPoint);

        await first.StopAsync(CancellationToken.None);
        await first.StopAsync(CancellationToken.None);

        await using var stream = await OpenAsync(second);
        await StreamPeer.ConnectAsync(stream, Given.Client("c"));
    }

    private static async Task<Stream> OpenAsync(AvocetServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)server.Listeners[0].EndPoint).Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private sealed class OnlyAnna : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
            ValueTask.FromResult(request.UserName == "anna" ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.NotAuthorized));
    }
}
