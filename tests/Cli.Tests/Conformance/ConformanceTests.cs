using System.Text.Json;
using Avocet.Cli.Commands;
using Avocet.Cli.Conformance;
using Avocet.Protocol;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Cli.Tests.Conformance;

/// <summary><c>avocet conformance</c> against Avocet, Mosquitto, and a peer that does nearly everything wrong.</summary>
public sealed class ConformanceTests
{
    private static readonly ListenerOptions Listener = new() { Name = "tcp", Port = ListenPort.Auto };

    [Fact]
    public void Check_names_statements_that_exist()
    {
        var known = Statement.All.Select(statement => statement.Id).ToHashSet();
        var wrong = CheckList.All
            .SelectMany(check => check.Rules50.Concat(check.Rules311.Select(rule => "3.1.1 " + rule)).Select(rule => (check.Name, Rule: rule)))
            .Where(row => !known.Contains(row.Rule))
            .ToList();

        Assert.Empty(wrong);
        Assert.Equal(CheckList.All.Count, CheckList.All.Select(check => check.Name).Distinct().Count());
        Assert.All(CheckList.All, check => Assert.True(check.Rules50.Length + check.Rules311.Length > 0, check.Name));
        Assert.True(CheckList.All.Count >= 100, $"there are {CheckList.All.Count} checks");
    }

    [Fact]
    public async Task Avocet_passes_all_checks()
    {
        await using var server = await TestServer.StartAsync(Listener);

        var (exitCode, output, error) = await RunAsync(server.PortOf("tcp"), "--timeout", "15");

        Assert.True(exitCode == 0, output + error);
        Assert.Matches(@"\d{3} passed, 0 failed\.", output);
    }

    [Fact]
    public async Task Avocet_over_websocket_passes_checks_of_connect_and_publish()
    {
        await using var server = await TestServer.StartAsync(Listener with { Name = "ws", Transport = ListenerTransport.Ws });

        var (exitCode, output, error) = await CommandLine.RunAsync(
            new ConformanceCommand().Create(), $"ws://127.0.0.1:{server.PortOf("ws")}/mqtt", "--only", "publish-", "--only", "connect-accepted", "--timeout", "15");

        Assert.True(exitCode == 0, output + error);
    }

    [Fact]
    public async Task Mosquitto_is_reported_as_it_is_known_to_be()
    {
        using var folder = new TemporaryFolder();
        await using var mosquitto = await MosquittoProcess.StartAsync(folder);

        var (exitCode, output, _) = await RunAsync(mosquitto.Port, "--json", "--timeout", "5");

        Assert.Equal(ConformanceCommand.ExitFailed, exitCode);
        using var json = JsonDocument.Parse(output);
        var outcomes = json.RootElement.GetProperty("checks").EnumerateArray()
            .ToDictionary(check => $"{check.GetProperty("mqtt").GetString()} {check.GetProperty("name").GetString()}", check => check.GetProperty("outcome").GetString());

        // What Debian's 2.0.11 is known not to do.
        foreach (var name in (string[])["5.0 shared-empty-name", "5.0 shared-no-local", "5.0 malformed-pingreq-flags", "5.0 malformed-subscription-id", "3.1.1 malformed-pingreq-flags"])
        {
            Assert.Equal("failed", outcomes[name]);
        }

        foreach (var name in (string[])["5.0 connect-accepted", "5.0 publish-qos-2", "5.0 retain-handling-1", "5.0 will-delayed", "5.0 alias-understood", "3.1.1 session-resumed", "3.1.1 filter-hash"])
        {
            Assert.Equal("passed", outcomes[name]);
        }

        Assert.True(json.RootElement.GetProperty("failed").GetInt32() < 40, output);
    }

    [Fact]
    public async Task Wrong_peer_fails_where_it_is_wrong_and_passes_where_it_is_right()
    {
        await using var broker = new WrongBroker();

        var (exitCode, output, _) = await RunAsync(broker.Port, "--json", "--timeout", "0.3");

        Assert.Equal(ConformanceCommand.ExitFailed, exitCode);
        using var json = JsonDocument.Parse(output);
        var passed = json.RootElement.GetProperty("checks").EnumerateArray()
            .Where(check => check.GetProperty("outcome").GetString() == "passed").Select(check => check.GetProperty("name").GetString()).ToHashSet();
        Assert.Contains("ping", passed);
        Assert.Contains("subscribe-answered", passed);

        // Whatever needs a delivery, an acknowledgement or a refusal cannot have passed.
        Assert.DoesNotContain(passed, name => name!.StartsWith("publish-qos", StringComparison.Ordinal) || name.StartsWith("retain-sent", StringComparison.Ordinal));
        Assert.DoesNotContain(passed, name => name!.StartsWith("malformed-", StringComparison.Ordinal));
        Assert.DoesNotContain(passed, name => name is "connect-twice" or "connect-takeover" or "session-resumed" or "filter-plus" or "filter-empty" or "will-published" or "keep-alive");
    }

    [Fact]
    public async Task Failure_is_told_with_its_statement()
    {
        await using var broker = new WrongBroker();

        var (_, output, _) = await RunAsync(broker.Port, "--only", "MQTT-3.3.1-4", "--mqtt", "5", "--timeout", "0.3");

        Assert.Contains("FAIL malformed-qos-3: A PUBLISH of QoS 3 ends the connection  [MQTT-3.3.1-4]", output, StringComparison.Ordinal);
        Assert.Contains("the connection stayed open after a PUBLISH of QoS 3", output, StringComparison.Ordinal);
        Assert.Contains($"MQTT-3.3.1-4: {StatementTexts.Find(ProtocolVersion.V50, "MQTT-3.3.1-4")}", output, StringComparison.Ordinal);
        Assert.Contains("0 passed, 1 failed.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_shows_checks_without_a_broker()
    {
        var (exitCode, output, _) = await CommandLine.RunAsync(new ConformanceCommand().Create(), "mqtt://127.0.0.1:1", "--list", "--only", "keep-alive");

        Assert.Equal(0, exitCode);
        Assert.Contains("MQTT-3.1.2-22", output, StringComparison.Ordinal);
        Assert.DoesNotContain("retain-sent", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cannot connect to mqtt://127.0.0.1:1: Connection refused. Is the broker running, and is the port right?", "mqtt://127.0.0.1:1")]
    [InlineData("'http://x' is no broker's URL; it reads mqtt://host:port, or mqtts, ws, wss.", "http://x")]
    [InlineData("--mqtt is '6'; it is 5, 3.1.1 or both.", "mqtt://127.0.0.1:1", "--mqtt", "6")]
    public async Task Mistake_is_told_in_a_line(string problem, params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(new ConformanceCommand().Create(), arguments);

        Assert.Equal((1, "", $"avocet: {problem}"), (exitCode, output, error.TrimEnd()));
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(int port, params string[] arguments) =>
        CommandLine.RunAsync(new ConformanceCommand().Create(), [$"mqtt://127.0.0.1:{port}", .. arguments]);
}
