using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary><c>avocet serve --config mosquitto.conf</c>, under mosquitto_pub and mosquitto_sub.</summary>
public sealed class MosquittoServeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Debian's /etc/mosquitto/mosquitto.conf, with folders of the test.</summary>
    [Fact]
    public async Task Configuration_that_Debian_ships_serves_this_machine()
    {
        Directory.CreateDirectory(_folder.File("conf.d"));
        var configuration = _folder.Write("mosquitto.conf", $"""
            # Place your local configuration in /etc/mosquitto/conf.d/
            pid_file /run/mosquitto/mosquitto.pid

            persistence true
            persistence_location {_folder.Path}/

            log_dest file /var/log/mosquitto/mosquitto.log

            include_dir {_folder.File("conf.d")}
            """);
        await using var server = await ServeAsync(configuration, "--port", "auto");
        var port = await PortAsync(server, "tcp1883");

        await RunAsync("mosquitto_pub", true, "-p", port, "-q", "1", "-r", "-t", "a", "-m", "hello");
        Assert.Contains("hello", await RunAsync("mosquitto_sub", true, "-p", port, "-t", "a", "-C", "1", "-W", "10"), StringComparison.Ordinal);
        Assert.Contains("log_dest is not taken over", server.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_folder.File("avocet")));
    }

    [Fact]
    public async Task Password_and_access_files_count()
    {
        var users = _folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-c", "-b", users, "alice", "secret");
        var port = FreePort();
        var configuration = _folder.Write("mosquitto.conf", $"""
            listener {port} 127.0.0.1
            password_file {users}
            acl_file {_folder.Write("acl", "user alice\ntopic read a\ntopic write a\n")}
            """);
        await using var server = await ServeAsync(configuration);

        await RunAsync("mosquitto_pub", true, "-p", port, "-u", "alice", "-P", "secret", "-q", "1", "-r", "-t", "a", "-m", "hello");
        Assert.Contains("hello", await RunAsync("mosquitto_sub", true, "-p", port, "-u", "alice", "-P", "secret", "-t", "#", "-C", "1", "-W", "10"), StringComparison.Ordinal);
        await RunAsync("mosquitto_pub", false, "-p", port, "-u", "alice", "-P", "wrong", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_pub", false, "-p", port, "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Listeners_differ_with_per_listener_settings()
    {
        var (open, closed) = (FreePort(), FreePort());
        var users = _folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-c", "-b", users, "alice", "secret");
        var configuration = _folder.Write("mosquitto.conf", $"""
            per_listener_settings true
            listener {open} 127.0.0.1
            allow_anonymous true
            mount_point open/
            listener {closed} 127.0.0.1
            password_file {users}
            """);
        await using var server = await ServeAsync(configuration);

        await RunAsync("mosquitto_pub", true, "-p", open, "-q", "1", "-r", "-t", "a", "-m", "hello");
        await RunAsync("mosquitto_pub", false, "-p", closed, "-t", "a", "-m", "x");
        Assert.Contains("hello", await RunAsync("mosquitto_sub", true, "-p", closed, "-u", "alice", "-P", "secret", "-t", "open/a", "-C", "1", "-W", "10"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listener_of_nobody_beyond_this_machine_is_refused_with_the_reason()
    {
        await using var process = AvocetProcess.Start("serve", "--config", _folder.Write("mosquitto.conf", "listener 0\n"), "--set", "listener.tcp0.port=auto");

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Contains("nobody would have to log in", Assert.Single(process.ErrorLines), StringComparison.Ordinal);
    }

    private static async Task<ChildProcess> ServeAsync(string configuration, params string[] arguments)
    {
        var process = ChildProcess.Start(AvocetProcess.Program, ["serve", "--config", configuration, .. arguments]);
        await process.WaitForLineAsync("Ready.");
        return process;
    }

    private static async Task<string> PortAsync(ChildProcess server, string listener) => (await AvocetProcess.PortOfAsync(server, listener)).ToString(CultureInfo.InvariantCulture);

    private static async Task<string> RunAsync(string program, bool succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        Assert.True(succeeds == (await process.WaitForExitAsync() == 0), process.Output);
        return process.Output;
    }

    // A mosquitto.conf cannot leave the choice of a port to the system.
    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
