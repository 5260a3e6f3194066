using System.Net.Sockets;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class UnixSocketTests
{
    [Fact]
    public async Task Client_talks_mqtt_over_the_socket_and_its_file_goes_with_the_server()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mqtt.sock");
        await using (var server = await TestServer.StartAsync(Listener(path) with { Permissions = "0600" }))
        {
            await using var stream = await OpenAsync(path);
            var peer = await StreamPeer.ConnectAsync(stream, Given.Client("c"));
            await peer.ExpectNothingAsync();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Socket_left_behind_by_a_killed_process_is_replaced()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mqtt.sock");
        await using (var process = await AvocetProcess.ServeAsync("--set", "listener.local.transport=unix", "--set", $"listener.local.path={path}"))
        {
            // Disposing kills it.
        }

        Assert.True(File.Exists(path));
        await using var server = await TestServer.StartAsync(Listener(path));
        await using var stream = await OpenAsync(path);
        await StreamPeer.ConnectAsync(stream, Given.Client("c"));
    }

    [Fact]
    public async Task Socket_of_a_running_server_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mqtt.sock");
        await using var server = await TestServer.StartAsync(Listener(path));

        var error = await Assert.ThrowsAsync<ServerStartException>(() => TestServer.StartAsync(Listener(path)));

        Assert.Equal($"listener 'local' not started: {path} is in use by another program. Stop that one, or choose another path.", error.Message);
        await using var stream = await OpenAsync(path);
        await StreamPeer.ConnectAsync(stream, Given.Client("c"));
    }

    [Fact]
    public async Task File_that_is_no_socket_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("precious", "data");

        var error = await Assert.ThrowsAsync<ServerStartException>(() => TestServer.StartAsync(Listener(path)));

        Assert.Equal($"listener 'local' not started: {path} exists and is no socket. Remove it, or choose another path.", error.Message);
        Assert.Equal("data", await File.ReadAllTextAsync(path));
    }

    private static ListenerOptions Listener(string path) => new() { Name = "local", Transport = ListenerTransport.Unix, Path = path };

    private static async Task<Stream> OpenAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }
}
