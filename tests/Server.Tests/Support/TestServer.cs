using System.Net;
using System.Net.Sockets;
using Avocet.Broker;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests.Support;

/// <summary>
/// A server in the test's process, on ports of the system's choosing; without a data folder unless the test has one. Nothing may have been logged as an
/// error when it is disposed.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly AvocetServer _server;

    private TestServer(AvocetServer server, CapturedLog log)
    {
        _server = server;
        Log = log;
    }

    public CapturedLog Log { get; }

    /// <summary>Set by a test which provokes an error in the log.</summary>
    public bool AllowsErrors { get; set; }

    public static async Task<TestServer> StartAsync(ServerOptions options, TimeProvider? timeProvider = null)
    {
        var log = new CapturedLog();
        var services = new BrokerServices { LoggerFactory = log, TimeProvider = timeProvider ?? TimeProvider.System };
        var dataFolder = options.DataFolder == new ServerOptions().DataFolder ? "" : options.DataFolder;
        var server = AvocetServer.Create(options with { ShutdownTimeoutSeconds = 5, DataFolder = dataFolder }, services);
        await server.StartAsync(CancellationToken.None);
        return new TestServer(server, log);
    }

    public static Task<TestServer> StartAsync(params ListenerOptions[] listeners) => StartAsync(new ServerOptions { Listeners = listeners });

    public AvocetServer Server => _server;

    public int PortOf(string listener) => ((IPEndPoint)_server.Listeners.Single(bound => bound.Name == listener).EndPoint).Port;

    /// <summary>A TCP connection to a listener.</summary>
    public async Task<Stream> OpenAsync(string listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, PortOf(listener));
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (AllowsErrors) return;

        var errors = Log.Errors.Select(entry => $"{entry.Level}: {entry.Message} {entry.Exception}").ToList();
        if (errors.Count > 0) Assert.Fail($"The server logged errors:\n{string.Join('\n', errors)}");
    }
}
