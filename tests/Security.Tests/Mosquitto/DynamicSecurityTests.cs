using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>Every subcommand of Debian's <c>mosquitto_ctrl dynsec</c> against our process, begun with the file that its <c>init</c> writes.</summary>
public sealed class DynamicSecurityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Commands_about_clients_do_what_they_say()
    {
        await using var server = await MosquittoControl.StartAvocetAsync(_folder);
        await server.RunAsync("createRole", "sensor");
        await server.RunAsync("addRoleACL", "sensor", "publishClientSend", "up/%u/#", "allow", "5");
        await server.RunAsync("createClient", "alice", "-p", "first");
        await server.RunAsync("createClient", "bound", "-c", "this-one", "-p", "first");
        Assert.False(await server.MayPublishAsync("alice", "first", "up/alice/t"));
        await server.RunAsync("addClientRole", "alice", "sensor", "3");

        Assert.True(await server.MayPublishAsync("alice", "first", "up/alice/t"));
        Assert.False(await server.MayPublishAsync("alice", "first", "up/bob/t"));
        Assert.False(await server.MayPublishAsync("alice", "wrong", "up/alice/t"));
        Assert.Equal(["admin", "alice", "bound"], Lines(await server.RunAsync("listClients")));
        Assert.Equal(["alice"], Lines(await server.RunAsync("listClients", "1", "1")));
        Assert.Contains("sensor (priority: 3)", await server.RunAsync("getClient", "alice"), StringComparison.Ordinal);
        Assert.Contains("this-one", await server.RunAsync("getClient", "bound"), StringComparison.Ordinal);

        await server.RunAsync("setClientPassword", "alice", "second");
        Assert.False(await server.MayPublishAsync("alice", "first", "up/alice/t"));
        Assert.True(await server.MayPublishAsync("alice", "second", "up/alice/t"));
        await server.RunAsync("setClientId", "alice", "only");
        Assert.False(await server.MayPublishAsync("alice", "second", "up/alice/t"));
        Assert.True(await server.MayPublishAsync("alice", "second", "up/alice/t", "-i", "only"));
        await server.RunAsync("setClientId", "alice");
        await server.RunAsync("disableClient", "alice");
        Assert.False(await server.MayPublishAsync("alice", "second", "up/alice/t"));
        await server.RunAsync("enableClient", "alice");
        Assert.True(await server.MayPublishAsync("alice", "second", "up/alice/t"));
        await server.RunAsync("removeClientRole", "alice", "sensor");
        Assert.False(await server.MayPublishAsync("alice", "second", "up/alice/t"));
        await server.RunAsync("deleteClient", "alice");
        Assert.Equal(["admin", "bound"], Lines(await server.RunAsync("listClients")));
        Assert.DoesNotContain("second", server.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_about_groups_do_what_they_say()
    {
        await using var server = await MosquittoControl.StartAvocetAsync(_folder, "allow_anonymous true");
        await server.RunAsync("createRole", "writer");
        await server.RunAsync("addRoleACL", "writer", "publishClientSend", "open/#", "allow", "1");
        await server.RunAsync("createGroup", "guests");
        await server.RunAsync("createGroup", "others");
        await server.RunAsync("addGroupRole", "guests", "writer", "1");
        await server.RunAsync("createClient", "bob", "-p", "secret");
        Assert.False(await server.MayPublishAsync("bob", "secret", "open/b"));
        await server.RunAsync("addGroupClient", "guests", "bob", "2");

        Assert.True(await server.MayPublishAsync("bob", "secret", "open/b"));
        Assert.Equal(["guests", "others"], Lines(await server.RunAsync("listGroups")));
        Assert.Equal(["others"], Lines(await server.RunAsync("listGroups", "1", "1")));
        var guests = await server.RunAsync("getGroup", "guests");
        Assert.Contains("bob", guests, StringComparison.Ordinal);
        Assert.Contains("writer (priority: 1)", guests, StringComparison.Ordinal);

        Assert.False(await server.MayPublishAsync(null, "", "open/a"));
        await server.RunAsync("setAnonymousGroup", "guests");
        Assert.Contains("guests", await server.RunAsync("getAnonymousGroup"), StringComparison.Ordinal);
        Assert.True(await server.MayPublishAsync(null, "", "open/a"));

        await server.RunAsync("removeGroupClient", "guests", "bob");
        Assert.False(await server.MayPublishAsync("bob", "secret", "open/b"));
        await server.RunAsync("removeGroupRole", "guests", "writer");
        Assert.False(await server.MayPublishAsync(null, "", "open/a"));
        await server.RunAsync("deleteGroup", "guests");
        Assert.Equal(["others"], Lines(await server.RunAsync("listGroups")));
    }

    [Fact]
    public async Task Commands_about_roles_and_the_default_access_do_what_they_say()
    {
        await using var server = await MosquittoControl.StartAvocetAsync(_folder);
        await server.RunAsync("createRole", "r");
        foreach (var (type, topic) in new[] { ("publishClientSend", "a"), ("publishClientReceive", "a"), ("subscribeLiteral", "l/#"), ("subscribePattern", "p/#"), ("unsubscribeLiteral", "l"), ("unsubscribePattern", "#") })
        {
            await server.RunAsync("addRoleACL", "r", type, topic, "allow", "7");
            Assert.Matches($"{type} *: allow *: {System.Text.RegularExpressions.Regex.Escape(topic)} *\\(priority: 7\\)", await server.RunAsync("getRole", "r"));
        }

        Assert.Equal(["admin", "r"], Lines(await server.RunAsync("listRoles")));
        Assert.Equal(["r"], Lines(await server.RunAsync("listRoles", "1", "1")));
        await server.RunAsync("createClient", "bob", "-p", "secret");
        await server.RunAsync("addClientRole", "bob", "r", "1");
        Assert.True(await server.MaySubscribeAsync("bob", "secret", "l/#"));
        Assert.False(await server.MaySubscribeAsync("bob", "secret", "l/x"));
        Assert.True(await server.MaySubscribeAsync("bob", "secret", "p/x"));
        await server.RunAsync("removeRoleACL", "r", "subscribePattern", "p/#");
        Assert.False(await server.MaySubscribeAsync("bob", "secret", "p/x"));

        Assert.Matches("publishClientSend *: deny", await server.RunAsync("getDefaultACLAccess"));
        Assert.False(await server.MayPublishAsync("bob", "secret", "elsewhere"));
        await server.RunAsync("setDefaultACLAccess", "publishClientSend", "allow");
        await server.SetDefaultAsync("publishClientSend", allow: true);
        Assert.Matches("publishClientSend *: allow", await server.RunAsync("getDefaultACLAccess"));
        Assert.True(await server.MayPublishAsync("bob", "secret", "elsewhere"));
        Assert.False(await server.MayPublishAsync("bob", "secret", "$CONTROL/dynamic-security/v1"));
        await server.RunAsync("deleteRole", "r");
        Assert.Equal(["admin"], Lines(await server.RunAsync("listRoles")));
    }

    [Fact]
    public async Task Tool_lists_no_command_that_is_not_tried()
    {
        await using var help = ChildProcess.Start("mosquitto_ctrl", ["dynsec", "help"]);
        await help.WaitForExitAsync();
        string[] known =
        [
            "init", "getDefaultACLAccess", "setDefaultACLAccess", "getAnonymousGroup", "setAnonymousGroup", "createClient", "deleteClient", "setClientPassword", "setClientId", "addClientRole",
            "removeClientRole", "getClient", "listClients", "enableClient", "disableClient", "createGroup", "deleteGroup", "addGroupRole", "removeGroupRole", "addGroupClient", "removeGroupClient",
            "getGroup", "listGroups", "createRole", "deleteRole", "addRoleACL", "removeRoleACL", "getRole", "listRoles",
        ];

        // Lines such as "Create a new client:         createClient      <username> …".
        var listed = Lines(help.Output).Where(line => line.Contains(": ", StringComparison.Ordinal) && !line.StartsWith("acl", StringComparison.Ordinal)).Select(line => line.Split(": ", 2)[1].Trim().Split(' ')[0]);
        Assert.Empty(listed.Where(name => name.Length > 0 && char.IsAsciiLetterLower(name[0])).Except(known));
    }

    [Fact]
    public async Task Change_that_was_answered_survives_kill_9_and_the_file_is_not_read_again()
    {
        await using (var server = await MosquittoControl.StartAvocetAsync(_folder))
        {
            Assert.Contains("1 users, 0 groups and 1 roles were taken from", server.Process.Output, StringComparison.Ordinal);
            await server.RunAsync("createRole", "writer");
            await server.RunAsync("addRoleACL", "writer", "publishClientSend", "#", "allow", "1");
            await server.RunAsync("createGroup", "g");
            await server.RunAsync("addGroupRole", "g", "writer", "4");
            await server.RunAsync("createClient", "alice", "-p", "secret");
            await server.RunAsync("addGroupClient", "g", "alice", "9");
            await server.SetDefaultAsync("publishClientReceive", allow: false);
            server.Process.Kill();
            await server.Process.WaitForExitAsync();
        }

        _folder.Write("avocet.json", "{ broken");
        await using (var again = await MosquittoControl.StartAvocetAsync(_folder))
        {
            Assert.Contains("they are in the store already", again.Process.Output, StringComparison.Ordinal);
            Assert.True(await again.MayPublishAsync("alice", "secret", "a"));
            Assert.Contains("g (priority: 9)", await again.RunAsync("getClient", "alice"), StringComparison.Ordinal);
            Assert.Contains("writer (priority: 4)", await again.RunAsync("getGroup", "g"), StringComparison.Ordinal);
            Assert.Matches("publishClientReceive *: deny", await again.RunAsync("getDefaultACLAccess"));
        }

        await using var check = AvocetProcess.Start("store", "check", "--data", _folder.File("avocet"));
        Assert.Equal(0, await check.WaitForExitAsync());
        Assert.Contains("6 records of users, groups and roles", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_file_stops_the_start_with_its_name_and_the_reason()
    {
        _folder.Write("avocet.json", """{"clients": [{"username": "a", "roles": [{"rolename": "gone"}]}]}""");
        var configuration = _folder.Write("mosquitto.conf", $"listener 0 127.0.0.1\nplugin mosquitto_dynamic_security.so\nplugin_opt_config_file {_folder.File("avocet.json")}\n");
        await using var process = AvocetProcess.Start("serve", "--config", configuration, "--set", "listener.tcp0.port=auto");

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal($"avocet: {_folder.File("avocet.json")}: user 'a' has role 'gone', which is none of the roles.", Assert.Single(process.ErrorLines));
    }

    [Fact]
    public async Task First_administrator_has_a_password_of_its_own_that_is_not_in_the_log()
    {
        await using var server = AvocetProcess.Start("serve", "--data", _folder.File("data"), "--set", "login.users=true", "--port", "auto", "--ws-port", "0");
        await server.WaitForLineAsync("Ready.");
        var port = (await AvocetProcess.PortOfAsync(server, "tcp")).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var password = (await File.ReadAllTextAsync(_folder.File("data/first-password"))).TrimEnd('\n');

        await using var control = ChildProcess.Start("mosquitto_ctrl", ["-p", port, "-u", "admin", "-P", password, "dynsec", "listClients"]);
        Assert.Equal(0, await control.WaitForExitAsync());
        Assert.Equal(["admin"], Lines(control.Output));
        Assert.Equal(20, password.Length);
        Assert.DoesNotContain(password, server.Output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("data/first-password")));
    }

    // Without TLS the tool warns each time.
    private static string[] Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !line.StartsWith("Warning:", StringComparison.Ordinal) && !line.StartsWith("This means", StringComparison.Ordinal))];
}
