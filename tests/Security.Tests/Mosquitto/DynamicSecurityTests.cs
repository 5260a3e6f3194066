using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>Dynamic security under Debian's mosquitto_ctrl, with the file that its <c>dynsec init</c> writes and a mosquitto.conf that names the plugin.</summary>
public sealed class DynamicSecurityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _port = FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Users_and_roles_are_managed_at_run_time_and_kept()
    {
        await using (var server = await ServeAsync())
        {
            await ControlAsync("createRole", "sensor");
            await ControlAsync("addRoleACL", "sensor", "publishClientSend", "up/%u/#", "allow", "5");
            await ControlAsync("addRoleACL", "sensor", "subscribePattern", "down/#", "allow", "5");
            await ControlAsync("createClient", "alice", "-p", "first");
            await PublishAsync(false, "alice", "first", "up/alice/t");
            await ControlAsync("addClientRole", "alice", "sensor", "3");

            await PublishAsync(true, "alice", "first", "up/alice/t");
            await PublishAsync(false, "alice", "first", "up/bob/t");
            await PublishAsync(false, "alice", "wrong", "up/alice/t");

            Assert.Contains("alice", await ControlAsync("listClients"), StringComparison.Ordinal);
            var alice = await ControlAsync("getClient", "alice");
            Assert.Contains("sensor", alice, StringComparison.Ordinal);
            Assert.Contains("(priority: 3)", alice, StringComparison.Ordinal);
            Assert.Contains("up/%u/#", await ControlAsync("getRole", "sensor"), StringComparison.Ordinal);

            await ControlAsync("setClientPassword", "alice", "second");
            await PublishAsync(false, "alice", "first", "up/alice/t");
            await PublishAsync(true, "alice", "second", "up/alice/t");
            await ControlAsync("disableClient", "alice");
            await PublishAsync(false, "alice", "second", "up/alice/t");
            await ControlAsync("enableClient", "alice");
            await PublishAsync(true, "alice", "second", "up/alice/t");
        }

        await using var restarted = await ServeAsync();
        await PublishAsync(true, "alice", "second", "up/alice/t");
        await ControlAsync("deleteClient", "alice");
        await PublishAsync(false, "alice", "second", "up/alice/t");
        Assert.DoesNotContain("alice", await ControlAsync("listClients"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_the_anonymous_group_and_defaults_count()
    {
        await using var server = await ServeAsync("allow_anonymous true");
        await ControlAsync("createRole", "writer");
        await ControlAsync("addRoleACL", "writer", "publishClientSend", "open/#", "allow", "1");
        await ControlAsync("createGroup", "guests");
        await ControlAsync("addGroupRole", "guests", "writer", "1");
        await RunAsync("mosquitto_pub", false, "-p", _port, "-V", "5", "-q", "1", "-t", "open/a", "-m", "x");
        await ControlAsync("setAnonymousGroup", "guests");
        Assert.Contains("guests", await ControlAsync("getAnonymousGroup"), StringComparison.Ordinal);
        await RunAsync("mosquitto_pub", true, "-p", _port, "-V", "5", "-q", "1", "-t", "open/a", "-m", "x");

        await ControlAsync("createClient", "bob", "-p", "secret");
        await PublishAsync(false, "bob", "secret", "open/b");
        await ControlAsync("addGroupClient", "guests", "bob", "2");
        Assert.Contains("bob", await ControlAsync("getGroup", "guests"), StringComparison.Ordinal);
        await PublishAsync(true, "bob", "secret", "open/b");
        await ControlAsync("removeGroupClient", "guests", "bob");
        await PublishAsync(false, "bob", "secret", "open/b");

        Assert.Matches("publishClientSend *: deny", await ControlAsync("getDefaultACLAccess"));
        await ControlAsync("setDefaultACLAccess", "publishClientSend", "allow");
        Assert.Matches("publishClientSend *: allow", await ControlAsync("getDefaultACLAccess"));
        await PublishAsync(true, "bob", "secret", "elsewhere");
    }

    [Fact]
    public async Task Who_may_not_manage_is_refused()
    {
        await using var server = await ServeAsync();
        await ControlAsync("createClient", "alice", "-p", "first");

        var output = await RunAsync("mosquitto_pub", false, "-p", _port, "-V", "5", "-u", "alice", "-P", "first", "-q", "1", "-t", "$CONTROL/dynamic-security/v1", "-m", "{}");
        Assert.DoesNotContain("first", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", output, StringComparison.Ordinal);
    }

    private async Task<ChildProcess> ServeAsync(string more = "")
    {
        var file = _folder.File("dynamic-security.json");
        if (!File.Exists(file)) await RunAsync("mosquitto_ctrl", true, "dynsec", "init", file, "admin", "manager-secret");

        var configuration = _folder.Write("mosquitto.conf", $"""
            listener {_port} 127.0.0.1
            plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so
            plugin_opt_config_file {file}
            {more}
            """);
        var process = ChildProcess.Start(AvocetProcess.Program, ["serve", "--config", configuration]);
        await process.WaitForLineAsync("Ready.");
        return process;
    }

    private Task<string> ControlAsync(params string[] arguments) =>
        RunAsync("mosquitto_ctrl", true, ["-p", _port, "-u", "admin", "-P", "manager-secret", "dynsec", .. arguments]);

    /// <summary>With MQTT 5.0, so that a refusal is told.</summary>
    private Task<string> PublishAsync(bool succeeds, string user, string password, string topic) =>
        RunAsync("mosquitto_pub", succeeds, "-p", _port, "-V", "5", "-u", user, "-P", password, "-q", "1", "-t", topic, "-m", "x");

    private static async Task<string> RunAsync(string program, bool succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        var code = await process.WaitForExitAsync();
        var hasFailed = code != 0 || process.ErrorLines.Any(line => line.Contains("error", StringComparison.OrdinalIgnoreCase) || line.Contains("Not authorized", StringComparison.OrdinalIgnoreCase));
        Assert.True(succeeds != hasFailed, $"{program} {string.Join(' ', arguments)}: {code}\n{process.Output}");
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
