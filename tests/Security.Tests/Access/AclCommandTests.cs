using System.Globalization;
using System.Runtime.InteropServices;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Access;

/// <summary>The real <c>avocet acl</c>, and the server with an access file under mosquitto_pub and mosquitto_sub.</summary>
public sealed class AclCommandTests
{
    [Fact]
    public async Task Explain_names_file_and_line()
    {
        using var folder = new TemporaryFolder();
        var acl = folder.Write("acl", "user alice\ntopic read home/#\n");
        var config = folder.Write("avocet.toml", """
            [access]
            acl_file = "acl"

            [[acl]]
            topic = "door/%u"
            action = "publish"
            qos_max = 1
            """);

        Assert.Equal(
            $"Allowed: subscribe home/+, user 'alice', client identifier 'c'.\n{acl}:2: topic read home/#",
            await RunAsync("acl", "explain", "--config", config, "--client", "c", "--user", "alice", "--subscribe", "home/+"));
        Assert.Equal(
            $"Allowed: publish door/alice, user 'alice', client identifier 'c'.\n{config}:4: allow publish door/%u, QoS 0 to 1",
            await RunAsync("acl", "explain", "--config", config, "--client", "c", "--user", "alice", "--publish", "door/alice"));
        Assert.Equal(
            $"Refused: publish door/alice, user 'alice', client identifier 'c'.\nBecause no line of {acl} allows it.",
            await RunAsync("acl", "explain", "--config", config, "--client", "c", "--user", "alice", "--publish", "door/alice", "--qos", "2"));
        Assert.Equal($"{acl} is good: 1 rule.", await RunAsync("acl", "check", acl));
    }

    [Fact]
    public async Task Explain_says_who_else_is_asked()
    {
        using var folder = new TemporaryFolder();
        var config = folder.Write("avocet.toml", """
            [http_access]
            url = "https://users.example/access"

            [postgres_login]
            connection = "Host=db.example"
            query = "SELECT hash FROM users WHERE name = @username"
            acl_query = "SELECT action, topic, allow FROM acl WHERE name = @username"
            """);

        Assert.Equal(
            """
            Allowed: publish a, user 'alice', client identifier 'c'.
            Because there are no rules.
            Besides, the web service of http_access has to allow it.
            Besides, users of postgres_login have the rules of its acl_query.
            """,
            await RunAsync("acl", "explain", "--config", config, "--client", "c", "--user", "alice", "--publish", "a"));
    }

    [Fact]
    public async Task Wrong_use_is_told_in_a_line()
    {
        using var folder = new TemporaryFolder();
        var acl = folder.Write("acl", "topic a/#/b\n");

        await FailAsync($"avocet: {acl}:1: '#' is only allowed as the last level.", "acl", "check", acl);
        await FailAsync("avocet: give one of --publish, --subscribe and --receive.", "acl", "explain", "--client", "c");
        await FailAsync($"avocet: {acl}:1: '#' is only allowed as the last level.", "serve", "--set", $"access.acl_file={acl}");
    }

    [Fact]
    public async Task Server_obeys_the_file_and_its_change()
    {
        using var folder = new TemporaryFolder();
        var acl = folder.Write("acl", "topic read a\ntopic write a\n");
        await using var server = await AvocetProcess.ServeAsync("--set", $"access.acl_file={acl}", "--ws-port", "0");
        var port = (await AvocetProcess.PortOfAsync(server)).ToString(CultureInfo.InvariantCulture);
        await using (var reader = ChildProcess.Start("mosquitto_sub", "-V", "5", "-p", port, "-t", "b", "-W", "10"))
        {
            await reader.WaitForLineAsync("All subscription requests were denied.");
        }

        folder.Write("acl", "topic read b\ntopic write b\n");
        server.Signal(PosixSignal.SIGHUP);
        await server.WaitForLineAsync("Configuration reloaded");

        await RunToolAsync("-p", port, "-q", "1", "-r", "-t", "b", "-m", "hello");
        await using var second = ChildProcess.Start("mosquitto_sub", "-p", port, "-t", "b", "-W", "10", "-C", "1");
        await second.WaitForLineAsync("hello");
    }

    private static async Task RunToolAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start("mosquitto_pub", arguments);
        await process.WaitForSuccessAsync();
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start(AvocetProcess.Program, arguments);
        return await process.WaitForSuccessAsync();
    }

    private static async Task FailAsync(string message, params string[] arguments)
    {
        await using var process = ChildProcess.Start(AvocetProcess.Program, arguments);
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([message], process.ErrorLines);
    }
}
