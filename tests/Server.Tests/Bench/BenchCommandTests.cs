using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Cli.Commands;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests.Bench;

/// <summary><c>avocet bench</c> against a server in this process.</summary>
public sealed class BenchCommandTests
{
    private static readonly ListenerOptions Listener = new() { Name = "tcp", Port = ListenPort.Auto };

    [Theory]
    [InlineData("pair", "messages", "delivered", 500, "--clients", "3", "--messages", "500")]
    [InlineData("pair", "messages", "delivered", 500, "--clients", "3", "--messages", "500", "--qos", "1", "--mqtt", "5", "--window", "7")]
    [InlineData("pair", "messages", "delivered", 500, "--clients", "3", "--messages", "500", "--qos", "2", "--payload", "70000")]
    [InlineData("fanin", "messages", "delivered", 500, "--publishers", "5", "--messages", "500", "--qos", "1", "--outstanding", "20")]
    [InlineData("fanout", "messages", "delivered", 2000, "--subscribers", "20", "--messages", "100", "--outstanding", "10")]
    [InlineData("latency", "messages", "delivered", 200, "--clients", "2", "--messages", "200", "--rate", "5000", "--mqtt", "5")]
    [InlineData("pub", "messages", "published", 500, "--messages", "500")]
    [InlineData("pub", "messages", "published", 500, "--messages", "500", "--qos", "2")]
    [InlineData("churn", "cycles", "cycles", 20, "--clients", "4", "--messages", "20", "--qos", "2")]
    [InlineData("conn", "connect", "connected", 50, "--clients", "50", "--session-expiry", "60", "--mqtt", "5")]
    [InlineData("filters", "subscribe", "subscribed", 1000, "--count", "1000", "--clients", "7", "--messages", "2000")]
    [InlineData("filters", "messages", "delivered", 2000, "--count", "1000", "--clients", "7", "--messages", "2000", "--qos", "1")]
    [InlineData("retain", "store", "published", 300, "--count", "300")]
    [InlineData("retain", "replay", "delivered", 300, "--count", "300", "--mqtt", "5")]
    [InlineData("retain", "fetch", "fetched", 300, "--count", "300", "--qos", "2")]
    [InlineData("offline", "publish", "published", 100, "--messages", "100", "--subscribers", "3")]
    [InlineData("offline", "drain", "delivered", 300, "--messages", "100", "--subscribers", "3", "--qos", "2", "--mqtt", "5")]
    public async Task Load_is_run_to_its_end_and_counted(string scenario, string phase, string counted, long count, params string[] options)
    {
        await using var server = await TestServer.StartAsync(Listener);

        var (exitCode, output, error) = await RunAsync(server, [scenario, .. options, "--json"]);

        Assert.Equal((0, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        var measured = json.RootElement.GetProperty("phases").EnumerateArray().Single(element => element.GetProperty("name").GetString() == phase);
        Assert.Equal(count, measured.GetProperty(counted).GetInt64());
        Assert.True(measured.GetProperty(counted + "PerSecond").GetDouble() > 0);
        Assert.True(measured.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(scenario, json.RootElement.GetProperty("scenario").GetString());
        Assert.Equal(0, json.RootElement.GetProperty("lost").GetInt64());
    }

    [Fact]
    public async Task Load_leaves_nothing_behind()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await RunAsync(server, ["retain", "--count", "50"]);
        await RunAsync(server, ["offline", "--messages", "50"]);

        var (_, output, _) = await RunAsync(server, ["sub", "--topic", "#", "--seconds", "0.1", "--json"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, json.RootElement.GetProperty("phases")[0].GetProperty("delivered").GetInt64());
    }

    [Fact]
    public async Task Subscriber_receives_what_was_kept()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await RunAsync(server, ["retain", "--count", "50", "--keep", "--topic", "kept"]);

        var (exitCode, output, _) = await RunAsync(server, ["sub", "--topic", "kept/#", "--messages", "50", "--check", "--json"]);

        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(50, json.RootElement.GetProperty("phases")[0].GetProperty("delivered").GetInt64());
    }

    [Fact]
    public async Task Lost_messages_are_counted_and_told_by_the_exit_code()
    {
        await using var server = await TestServer.StartAsync(new ServerOptions { Listeners = [Listener], Broker = new BrokerOptions { QueueMessagesMax = 5 } });

        var (exitCode, output, error) = await RunAsync(server, ["offline", "--messages", "100", "--subscribers", "2", "--stall", "0.2"]);

        Assert.Equal((BenchCommand.ExitIncomplete, ""), (exitCode, error));
        Assert.Contains("Not complete: 190 lost, 0 duplicated, 0 reordered.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Phases_are_marked_for_an_onlooker()
    {
        await using var server = await TestServer.StartAsync(Listener);

        var (_, _, error) = await RunAsync(server, ["conn", "--clients", "2", "--mark"]);

        Assert.Equal(["MARK begin connect", "MARK end connect", "MARK begin disconnect", "MARK end disconnect"], error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("--qos is 3; it is from 0 to 2.", "pair", "--qos", "3")]
    [InlineData("--qos is 0; it is from 1 to 2.", "retain", "--qos", "0")]
    [InlineData("--payload is 19; it is from 20 to 16777216.", "pair", "--payload", "19")]
    [InlineData("--messages is 0; it is from 1 to 10000000000.", "pub", "--messages", "0")]
    [InlineData("--mqtt is '3.1'; it is 3.1.1 or 5.", "pub", "--mqtt", "3.1")]
    [InlineData("--url is 'http://x'; it reads mqtt://host:port.", "pub", "--url", "http://x")]
    public async Task Wrong_value_is_told_with_what_is_allowed(string problem, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(1, arguments);

        Assert.Equal((1, "", $"avocet: {problem}"), (exitCode, output, error.TrimEnd()));
    }

    [Fact]
    public async Task Broker_that_is_not_there_is_told_by_the_executable()
    {
        await using var process = AvocetProcess.Start("bench", "pair", "--port", "1");

        Assert.Equal(1, await process.WaitForExitAsync());

        var line = Assert.Single(process.ErrorLines);
        Assert.Contains("cannot connect: Connection refused. Is the broker running, and is the port right?", line, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(TestServer server, string[] arguments) => RunAsync(server.PortOf("tcp"), arguments);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(int port, string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var command = BenchCommand.Create();
        var parsed = command.Parse([.. arguments, "--port", port.ToString(CultureInfo.InvariantCulture)]);
        Assert.Empty(parsed.Errors);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return (exitCode, output.ToString(), error.ToString());
    }
}
