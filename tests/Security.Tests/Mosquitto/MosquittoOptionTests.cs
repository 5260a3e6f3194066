using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>What a mosquitto.conf asks for happens: files as people write them, served, under mosquitto_pub and mosquitto_sub.</summary>
public sealed class MosquittoOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _port = FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tls_listener_takes_its_certificate_and_serves_beside_a_plain_one()
    {
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(_folder, "server", "localhost");
        var authority = _folder.Write("ca.pem", certificates.AuthorityPem + "\n");
        var tls = FreePort();
        await using var server = await ServeAsync($"""
            allow_anonymous true
            listener {_port} 127.0.0.1
            listener {tls} 127.0.0.1
            certfile {certificate.File}
            keyfile {certificate.KeyFile}
            tls_version tlsv1.2
            """);

        await RunAsync("mosquitto_pub", true, "-h", "localhost", "-p", tls, "--cafile", authority, "-q", "1", "-r", "-t", "a", "-m", "over tls");
        Assert.Contains("over tls", await ReadAsync("-p", _port, "-t", "a"), StringComparison.Ordinal);
        await RunAsync("mosquitto_pub", false, "-h", "localhost", "-p", tls, "-q", "1", "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Unix_socket_serves()
    {
        var socket = _folder.File("mqtt.sock");
        await using var server = await ServeAsync($"""
            listener 0 {socket}
            allow_anonymous true
            listener {_port} 127.0.0.1
            """);

        await RunAsync("mosquitto_pub", true, "--unix", socket, "-q", "1", "-r", "-t", "a", "-m", "by file");
        Assert.Contains("by file", await ReadAsync("-p", _port, "-t", "a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Persistence_keeps_retained_messages_and_queues_over_a_restart()
    {
        var text = $"""
            listener {_port} 127.0.0.1
            allow_anonymous true
            persistence true
            persistence_location {_folder.Path}/
            persistent_client_expiration 1d
            """;
        await using (var server = await ServeAsync(text))
        {
            await RunAsync("mosquitto_sub", true, "-p", _port, "-i", "absent", "-c", "-q", "1", "-t", "queue", "-E");
            await RunAsync("mosquitto_pub", true, "-p", _port, "-q", "1", "-t", "queue", "-m", "queued");
            await RunAsync("mosquitto_pub", true, "-p", _port, "-q", "1", "-r", "-t", "a", "-m", "kept");
            server.Signal(PosixSignal.SIGTERM);
            Assert.Equal(0, await server.WaitForExitAsync());
        }

        await using var restarted = await ServeAsync(text);
        Assert.Contains("kept", await ReadAsync("-p", _port, "-t", "a"), StringComparison.Ordinal);
        Assert.Contains("queued", await ReadAsync("-p", _port, "-i", "absent", "-c", "-q", "1", "-t", "queue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_above_max_connections_are_refused()
    {
        await using var server = await ServeAsync($"""
            listener {_port} 127.0.0.1
            allow_anonymous true
            max_connections 1
            """);
        await using var first = ChildProcess.Start("mosquitto_sub", "-p", _port, "-i", "first", "-t", "a", "-W", "60");
        await server.WaitForLineAsync("Connected: first");

        await RunAsync("mosquitto_pub", false, "-p", _port, "-q", "1", "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Packets_above_max_packet_size_end_the_connection_and_retained_messages_can_be_turned_off()
    {
        await using var server = await ServeAsync($"""
            listener {_port} 127.0.0.1
            allow_anonymous true
            max_packet_size 2000
            retain_available false
            """);

        await RunAsync("mosquitto_pub", true, "-p", _port, "-q", "1", "-t", "a", "-m", new string('x', 1900));
        await RunAsync("mosquitto_pub", false, "-p", _port, "-V", "5", "-q", "1", "-t", "a", "-m", new string('x', 3000));
        await RunAsync("mosquitto_pub", false, "-p", _port, "-V", "5", "-q", "1", "-r", "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Included_files_add_up()
    {
        Directory.CreateDirectory(_folder.File("conf.d"));
        var users = _folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-c", "-b", users, "alice", "secret");
        _folder.Write(Path.Combine("conf.d", "10-listener.conf"), $"listener {_port} 127.0.0.1\n");
        _folder.Write(Path.Combine("conf.d", "20-users.conf"), $"password_file {users}\n");
        _folder.Write(Path.Combine("conf.d", "ignored.txt"), "nonsense\n");
        await using var server = await ServeAsync($"include_dir {_folder.File("conf.d")}\n");

        await RunAsync("mosquitto_pub", true, "-p", _port, "-u", "alice", "-P", "secret", "-q", "1", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_pub", false, "-p", _port, "-q", "1", "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Users_that_are_added_count_after_a_hangup_and_a_mistake_keeps_the_old_ones()
    {
        var users = _folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-c", "-b", users, "alice", "secret");
        await using var server = await ServeAsync($"""
            listener {_port} 127.0.0.1
            password_file {users}
            """);
        await RunAsync("mosquitto_pub", false, "-p", _port, "-u", "bob", "-P", "hunter2", "-q", "1", "-t", "a", "-m", "x");

        await RunAsync("mosquitto_passwd", true, "-b", users, "bob", "hunter2");
        server.Signal(PosixSignal.SIGHUP);
        await server.WaitForLineAsync("has 2 users");
        await RunAsync("mosquitto_pub", true, "-p", _port, "-u", "bob", "-P", "hunter2", "-q", "1", "-t", "a", "-m", "x");

        await File.AppendAllTextAsync(users, "carol:no hash\n");
        server.Signal(PosixSignal.SIGHUP);
        await server.WaitForLineAsync("users:3");
        await RunAsync("mosquitto_pub", true, "-p", _port, "-u", "bob", "-P", "hunter2", "-q", "1", "-t", "a", "-m", "x");
    }

    [Fact]
    public async Task Patterns_of_the_access_file_take_client_and_user_names()
    {
        var users = _folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-c", "-b", users, "alice", "secret");
        await using var server = await ServeAsync($"""
            listener {_port} 127.0.0.1
            password_file {users}
            acl_file {_folder.Write("acl", "pattern write of/%u/%c\npattern read #\n")}
            """);

        await RunAsync("mosquitto_pub", true, "-p", _port, "-V", "5", "-u", "alice", "-P", "secret", "-i", "one", "-q", "1", "-r", "-t", "of/alice/one", "-m", "mine");
        Assert.Contains("mine", await ReadAsync("-p", _port, "-u", "alice", "-P", "secret", "-t", "of/#"), StringComparison.Ordinal);
        Assert.Contains("Not authorized", await RunAsync("mosquitto_pub", null, "-p", _port, "-V", "5", "-u", "alice", "-P", "secret", "-i", "two", "-q", "1", "-t", "of/alice/one", "-m", "x"), StringComparison.Ordinal);
    }

    private async Task<ChildProcess> ServeAsync(string text)
    {
        var process = ChildProcess.Start(AvocetProcess.Program, ["serve", "--config", _folder.Write("mosquitto.conf", text)]);
        await process.WaitForLineAsync("Ready.");
        return process;
    }

    private static Task<string> ReadAsync(params string[] arguments) => RunAsync("mosquitto_sub", true, [.. arguments, "-C", "1", "-W", "20"]);

    /// <param name="program">What to run.</param>
    /// <param name="succeeds">Null where its exit code does not tell.</param>
    /// <param name="arguments">Its arguments.</param>
    private static async Task<string> RunAsync(string program, bool? succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        var code = await process.WaitForExitAsync();
        var output = process.Output + string.Join('\n', process.ErrorLines);
        if (succeeds is { } expected) Assert.True(expected == (code == 0), $"{program} {string.Join(' ', arguments)}: {code}\n{output}");
        return output;
    }

    // A mosquitto.conf cannot leave the choice of a port to the system.
    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
