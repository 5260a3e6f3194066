using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>A broker with dynamic security, ours or Debian's Mosquitto, begun with the same file and managed with Debian's mosquitto_ctrl.</summary>
internal sealed class MosquittoControl : IAsyncDisposable
{
    public const string Password = "manager-secret";

    private readonly ChildProcess _process;

    private MosquittoControl(ChildProcess process, string port)
    {
        _process = process;
        Port = port;
    }

    public string Port { get; }

    public ChildProcess Process => _process;

    /// <summary>Ours, from a mosquitto.conf that names the plugin.</summary>
    public static async Task<MosquittoControl> StartAvocetAsync(TemporaryFolder folder, string more = "")
    {
        var (port, configuration) = await ConfigureAsync(folder, "avocet", more);
        // Mosquitto bans nobody, however often a test fails to log in.
        var process = ChildProcess.Start(AvocetProcess.Program, ["serve", "--config", configuration, "--set", "login.failures_max=0", "--set", "login.failure_delay_milliseconds=0"]);
        await process.WaitForLineAsync("Ready.");
        return new MosquittoControl(process, port);
    }

    public static async Task<MosquittoControl> StartMosquittoAsync(TemporaryFolder folder, string more = "")
    {
        // It would give up its rights on the file where root runs the tests.
        var (port, configuration) = await ConfigureAsync(folder, "mosquitto", $"user {Environment.UserName}\n{more}");
        var process = ChildProcess.Start("/usr/sbin/mosquitto", ["-c", configuration, "-v"]);
        await process.WaitForLineAsync(" running");
        return new MosquittoControl(process, port);
    }

    /// <summary>Runs <c>mosquitto_ctrl dynsec</c> as the administrator: its exit code and all it wrote, to standard error first, for which of the two is read first is chance.</summary>
    public async Task<(int Code, string Output)> TryAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start("mosquitto_ctrl", ["-p", Port, "-u", "admin", "-P", Password, "dynsec", .. arguments]);
        var code = await process.WaitForExitAsync();
        var errors = process.ErrorLines;
        return (code, string.Join('\n', process.Output.Split('\n').OrderBy(line => !errors.Contains(line))));
    }

    /// <summary>The same, and it must succeed: the tool's exit code is 0 for what the broker refuses, too.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output) = await TryAsync(arguments);
        Assert.True(code == 0 && !output.Contains("rror", StringComparison.Ordinal), $"dynsec {string.Join(' ', arguments)}: {code}\n{output}\n{_process.Output}");
        return output;
    }

    /// <summary>Sets a default access past the tool, whose 2.0.11 sends nothing that says what to set.</summary>
    public async Task SetDefaultAsync(string type, bool allow)
    {
        var command = $$"""{"commands":[{"command":"setDefaultACLAccess","acls":[{"acltype":"{{type}}","allow":{{(allow ? "true" : "false")}}}]}]}""";
        Assert.True(await MayAsync("mosquitto_pub", "admin", Password, "-q", "1", "-t", "$CONTROL/dynamic-security/v1", "-m", command), _process.Output);
    }

    /// <summary>Whether a user (null for none) may publish there. With MQTT 5.0, so that a refusal is told.</summary>
    public Task<bool> MayPublishAsync(string? user, string password, string topic, params string[] more) => MayAsync("mosquitto_pub", user, password, ["-q", "1", "-t", topic, "-m", "x", .. more]);

    /// <summary>Whether a user may subscribe.</summary>
    public Task<bool> MaySubscribeAsync(string? user, string password, string filter, params string[] more) => MayAsync("mosquitto_sub", user, password, ["-q", "1", "-E", "-t", filter, .. more]);

    public async Task<bool> MayAsync(string program, string? user, string password, params string[] arguments)
    {
        string[] login = user is null ? [] : ["-u", user, "-P", password];
        await using var process = ChildProcess.Start(program, ["-p", Port, "-V", "5", .. login, .. arguments]);
        var code = await process.WaitForExitAsync();
        return code == 0 && !process.Output.Contains("authori", StringComparison.OrdinalIgnoreCase) && !process.Output.Contains("denied", StringComparison.OrdinalIgnoreCase);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static async Task<(string Port, string Configuration)> ConfigureAsync(TemporaryFolder folder, string name, string more)
    {
        var file = folder.File($"{name}.json");
        if (!File.Exists(file))
        {
            var first = folder.File("first.json");
            if (!File.Exists(first))
            {
                await using var init = ChildProcess.Start("mosquitto_ctrl", ["dynsec", "init", first, "admin", Password]);
                Assert.True(await init.WaitForExitAsync() == 0, init.Output);
            }

            File.Copy(first, file);
        }

        // A mosquitto.conf cannot leave the choice of a port to the system.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var configuration = folder.Write($"{name}.conf", $"""
            listener {port} 127.0.0.1
            plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so
            plugin_opt_config_file {file}
            {more}
            """);
        return (port, configuration);
    }
}
