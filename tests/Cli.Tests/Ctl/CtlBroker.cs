using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Cli.Ctl;
using Avocet.Client;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Ctl;

/// <summary>A real broker with its management listener for all tests of <c>avocet ctl</c>; each test has clients and topics of its own.</summary>
public sealed partial class CtlBroker : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ChildProcess _process = null!;

    public int MqttPort { get; private set; }

    /// <summary>Where the console listens.</summary>
    public string Url { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _process = await AvocetProcess.ServeAsync("--ws-port", "0", "--console-port", "auto", "--data", _folder.Path);
        MqttPort = await AvocetProcess.PortOfAsync(_process);
        Url = Address().Match(await _process.WaitForLineAsync("Console: http")).Value;
    }

    /// <summary>Runs a command on the broker's machine, which must succeed; what it printed.</summary>
    internal async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(new CtlCommand().Create(), [.. arguments, "--data", _folder.Path]);
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    /// <summary>The same, in lines.</summary>
    internal async Task<string[]> LinesAsync(params string[] arguments) => (await RunAsync(arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The same, asked for again until it is as it should be.</summary>
    internal async Task<string[]> UntilAsync(Func<string[], bool> isAsItShould, params string[] arguments)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            var lines = await LinesAsync(arguments);
            if (isAsItShould(lines)) return lines;

            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), $"After 20 s it still is:\n{string.Join('\n', lines)}");
        }
    }

    /// <summary>The same, as JSON.</summary>
    internal async Task<JsonElement> JsonAsync(params string[] arguments) => JsonDocument.Parse(await RunAsync([.. arguments, "--json"])).RootElement;

    /// <summary>Runs a command that must fail; the line that says why.</summary>
    internal Task<string> FailAsync(params string[] arguments) => FailElsewhereAsync([.. arguments, "--data", _folder.Path]);

    /// <summary>The same, with nothing added to its arguments.</summary>
    internal static async Task<string> FailElsewhereAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await CommandLine.RunAsync(new CtlCommand().Create(), arguments);
        Assert.Equal((1, ""), (exitCode, output));
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("avocet: ", line, StringComparison.Ordinal);
        return line["avocet: ".Length..];
    }

    /// <summary>A command that goes on until it is interrupted, as a process.</summary>
    internal ChildProcess Start(params string[] arguments) => AvocetProcess.Start(["ctl", .. arguments, "--data", _folder.Path]);

    /// <summary>Makes a key; a file with it.</summary>
    internal async Task<string> KeyFileAsync(string scope)
    {
        var key = await JsonAsync("keys", "create", $"test {scope}", "--scope", scope);
        return _folder.Write($"{scope}-{key.GetProperty("id").GetString()}.key", key.GetProperty("key").GetString() + "\n");
    }

    internal string File(string name, string content) => _folder.Write(name, content);

    /// <summary>A client that stays connected until it is disposed.</summary>
    internal async Task<MqttClient> ConnectAsync(string clientId, Action<MqttClientOptions>? configure = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        return await MqttClient.ConnectAsync(
            $"mqtt://127.0.0.1:{MqttPort}",
            options =>
            {
                options.ClientId = clientId;
                options.Reconnects = false;
                configure?.Invoke(options);
            },
            deadline.Token);
    }

    /// <summary>A client that has gone, and whose session waits for it with a subscription.</summary>
    internal async Task LeaveSessionAsync(string clientId, string filter)
    {
        await using var client = await ConnectAsync(clientId, options =>
        {
            options.CleanStart = false;
            options.SessionExpiry = TimeSpan.FromMinutes(10);
        });
        // Not disposed: what is subscribed to shall stay with the session.
        await client.OpenSubscriptionAsync(filter, new SubscribeOptions { Qos = Protocol.Qos.AtLeastOnce });
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex("http://[0-9.:]+")]
    private static partial Regex Address();
}

/// <summary>The tests that share the broker; one after the other, for they look at its audit log and figures.</summary>
[CollectionDefinition(Name)]
public sealed class CtlCollection : ICollectionFixture<CtlBroker>
{
    public const string Name = "ctl";
}
