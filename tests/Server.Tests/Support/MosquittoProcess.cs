using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Xunit;

namespace Avocet.Server.Tests.Support;

/// <summary>Debian's mosquitto, which keeps its data in a folder of the test.</summary>
internal sealed class MosquittoProcess : IAsyncDisposable
{
    public const string FileName = "mosquitto.db";

    private readonly ChildProcess _process;
    private readonly int _port;

    private MosquittoProcess(ChildProcess process, int port)
    {
        _process = process;
        _port = port;
    }

    public int Port => _port;

    public static async Task<MosquittoProcess> StartAsync(TemporaryFolder folder)
    {
        var port = FreePort();
        var configuration = folder.Write("mosquitto.conf", string.Create(CultureInfo.InvariantCulture, $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            persistence true
            persistence_location {folder.Path}/
            persistence_file {FileName}
            user {Environment.UserName}

            """));

        // Debian has it where only root looks.
        var program = File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto";
        var process = ChildProcess.Start(program, "-c", configuration);
        await process.WaitForLineAsync(" running");
        return new MosquittoProcess(process, port);
    }

    /// <summary>Makes a session that outlives its connection, and leaves.</summary>
    public Task SubscribeAsync(string clientId, params string[] arguments) => RunAsync("mosquitto_sub", ["-i", clientId, "-c", "-E", .. arguments]);

    public Task PublishAsync(params string[] arguments) => RunAsync("mosquitto_pub", arguments);

    public async Task<Stream> OpenAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Stops it, which makes it write its file.</summary>
    public async Task StopAsync()
    {
        _process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await _process.WaitForExitAsync());
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task RunAsync(string program, params IEnumerable<string> arguments)
    {
        await using var process = ChildProcess.Start(program, ["-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), .. arguments]);
        await process.WaitForSuccessAsync();
    }

    // mosquitto cannot say which port it chose; another program taking this one meanwhile shows as a failure to start.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
