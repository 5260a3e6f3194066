using System.Globalization;
using System.Text.Json.Nodes;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Users;

/// <summary>The real <c>avocet users</c>, <c>groups</c> and <c>roles</c> against the real server.</summary>
public sealed class UsersCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string _port = "";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Users_groups_and_roles_are_managed_while_the_broker_runs()
    {
        await using var server = await ServeAsync();

        Assert.Equal("Added role 'sensor'.", await RunAsync("roles", "add", "sensor"));
        Assert.Equal("Role 'sensor' has publishClientSend up/%u/# allow.", await RunAsync("roles", "acl", "add", "sensor", "publishClientSend", "up/%u/#", "allow", "--priority", "5"));
        await RunAsync("roles", "acl", "add", "sensor", "subscribePattern", "down/#", "deny");
        Assert.Equal("role       sensor\nentry              effect  priority  topic\npublishClientSend  allow   5         up/%u/#\nsubscribePattern   deny    0         down/#", await RunAsync("roles", "show", "sensor"));
        await RunAsync("roles", "acl", "remove", "sensor", "subscribePattern", "down/#");
        Assert.Equal("Added user 'alice'.", await RunAsync(["users", "add", "alice", "--role", "sensor"], input: "first"));
        await RunAsync("users", "add", "bob", "--no-password", "--client-id", "b");
        Assert.Equal("Added group 'staff'.", await RunAsync("groups", "add", "staff"));
        await RunAsync("groups", "grant", "staff", "sensor", "--priority", "3");
        await RunAsync("groups", "join", "staff", "bob", "--priority", "7");
        await RunAsync("groups", "anonymous", "staff");

        Assert.Equal("user   state    roles   groups\nadmin  enabled  admin\nalice  enabled  sensor\nbob    enabled          staff (7)", await RunAsync("users", "list"));
        Assert.Equal("user       bob\nstate      enabled\nclient id  b\ngroups     staff (7)", await RunAsync("users", "show", "bob"));
        Assert.Equal("group  users  roles\nstaff  1      sensor (3)", await RunAsync("groups", "list"));
        Assert.Equal("group      staff\nroles      sensor (3)\nusers      bob", await RunAsync("groups", "show", "staff"));
        Assert.Equal(["admin", "alice", "bob"], JsonNode.Parse(await RunAsync("users", "list", "--json"))!["clients"]!.AsArray().Select(user => (string?)user!["username"]));
        Assert.Contains("subscribe             allow", await RunAsync("roles", "default", "subscribe", "allow"), StringComparison.Ordinal);

        Assert.True(await MayPublishAsync("alice", "first"));
        await RunAsync(["users", "password", "alice"], input: "second");
        Assert.False(await MayPublishAsync("alice", "first"));
        Assert.True(await MayPublishAsync("alice", "second"));
        await RunAsync("users", "disable", "alice");
        Assert.False(await MayPublishAsync("alice", "second"));
        await RunAsync("users", "enable", "alice");
        await RunAsync("users", "revoke", "alice", "sensor");
        Assert.False(await MayPublishAsync("alice", "second"));
        await RunAsync("users", "grant", "alice", "sensor", "--priority", "2");
        Assert.True(await MayPublishAsync("alice", "second"));
        await RunAsync("users", "client-id", "bob");
        await RunAsync("groups", "leave", "staff", "bob");
        await RunAsync("groups", "revoke", "staff", "sensor");
        await RunAsync("groups", "remove", "staff");
        await RunAsync("roles", "remove", "sensor");
        await RunAsync("users", "remove", "alice");
        Assert.Equal("user   state    roles  groups\nadmin  enabled  admin\nbob    enabled", await RunAsync("users", "list"));
        Assert.DoesNotContain("second", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explanation_names_the_role_and_the_entry_while_the_broker_runs()
    {
        await using var server = await ServeAsync();
        await RunAsync("roles", "add", "sensor");
        await RunAsync("roles", "acl", "add", "sensor", "publishClientSend", "up/#", "allow");
        await RunAsync("groups", "add", "staff");
        await RunAsync("groups", "grant", "staff", "sensor");
        await RunAsync("users", "add", "alice", "--no-password", "--group", "staff");

        Assert.Equal(
            "Allowed: publish up/a, user 'alice', client identifier 'c'.\nBecause role 'sensor' of group 'staff' has publishClientSend up/# allow.",
            await RunAsync(["acl", "explain", "--config", _folder.File("avocet.toml"), "--client", "c", "--user", "alice", "--publish", "up/a"], isClient: false));
        Assert.Equal(
            "Refused: subscribe up/a, user 'alice', client identifier 'c'.\nBecause no role of the user has an entry for it, and the default access denies that.",
            await RunAsync(["acl", "explain", "--config", _folder.File("avocet.toml"), "--client", "c", "--user", "alice", "--subscribe", "up/a"], isClient: false));
    }

    [Fact]
    public async Task Export_of_a_running_broker_is_imported_by_another_one_with_its_passwords()
    {
        await using (await ServeAsync())
        {
            await RunAsync("roles", "add", "sensor");
            await RunAsync("roles", "acl", "add", "sensor", "publishClientSend", "up/%u/#", "allow");
            await RunAsync("groups", "add", "staff");
            await RunAsync("groups", "grant", "staff", "sensor");
            await RunAsync(["users", "add", "alice", "--group", "staff"], input: "first");
            await RunAsync(["users", "export", "--config", _folder.File("avocet.toml"), _folder.File("users.json")], isClient: false);
        }

        Directory.Delete(_folder.File("data"), recursive: true);
        await using var server = await ServeAsync();
        Assert.Equal(
            $"avocet: user 'admin' is there already, so that nothing was imported; --replace lets those of the file take the place of what is there.",
            await RunAsync(["users", "import", _folder.File("users.json")], exitCode: 1));
        Assert.Equal("Imported 2 users, 1 groups and 2 roles.", await RunAsync("users", "import", _folder.File("users.json"), "--replace"));

        Assert.True(await MayPublishAsync("alice", "first"));
        Assert.Equal("user       alice\nstate      enabled\ngroups     staff", await RunAsync("users", "show", "alice"));
    }

    [Fact]
    public async Task Export_of_the_store_takes_the_users_along()
    {
        await RunAsync(["users", "init", "--data", _folder.File("data")], input: "manager", isClient: false);
        await RunAsync(["store", "export", "--data", _folder.File("data"), _folder.File("all.jsonl")], isClient: false);

        Assert.Contains("Users         3 records of users, groups and roles", await RunAsync(["store", "stats", "--data", _folder.File("data")], isClient: false), StringComparison.Ordinal);
        Assert.EndsWith(", 3 records of users, groups and roles.", await RunAsync(["store", "import", "--data", _folder.File("other"), _folder.File("all.jsonl")], isClient: false), StringComparison.Ordinal);
        Assert.Equal(await RunAsync(["users", "export", "--data", _folder.File("data")], isClient: false), await RunAsync(["users", "export", "--data", _folder.File("other")], isClient: false));
        Assert.EndsWith("Sound.", await RunAsync(["store", "check", "--data", _folder.File("other")], isClient: false), StringComparison.Ordinal);
        Assert.Contains("'radmin' is here already; --replace", await RunAsync(["store", "import", "--data", _folder.File("other"), _folder.File("all.jsonl")], isClient: false, exitCode: 1), StringComparison.Ordinal);

        var damaged = (await File.ReadAllTextAsync(_folder.File("all.jsonl"))).Replace("\"key\":\"uadmin\"", "\"key\":\"ubob\"", StringComparison.Ordinal);
        Assert.Contains("names 'admin'", await RunAsync(["store", "import", "--data", _folder.File("third"), _folder.Write("damaged.jsonl", damaged)], isClient: false, exitCode: 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrator_who_is_locked_out_is_let_in_again()
    {
        await using (await ServeAsync())
        {
            await RunAsync(["users", "add", "alice"], input: "first");
            await RunAsync("roles", "remove", "admin");
            await RunAsync(["users", "remove", "admin"], exitCode: 1);
        }

        await RunAsync(["users", "init", "--data", _folder.File("data"), "--force"], input: "manager", isClient: false);
        await using var server = await ServeAsync(isFirst: false);
        Assert.Equal("user   state    roles  groups\nadmin  enabled  admin\nalice  enabled", await RunAsync("users", "list"));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_in_a_line()
    {
        await using var server = await ServeAsync();
        await RunAsync(["users", "add", "alice"], input: "first");

        Assert.Equal("avocet: getClient 'nobody': Client not found.", await RunAsync(["users", "show", "nobody"], exitCode: 1));
        Assert.Equal("avocet: the password is empty; nothing was changed.", await RunAsync(["users", "password", "alice"], input: "", exitCode: 1));
        Assert.Equal("avocet: Say whether to allow or deny subscribe.", await RunAsync(["roles", "default", "subscribe"], exitCode: 1));
        Assert.Matches("^avocet: .*(Not authorized|refused).*$", await RunAsync(["users", "list", "-p", _port, "-u", "alice", "-P", "first"], isClient: false, exitCode: 1));
        Assert.Matches("^avocet: .*has users already", await RunAsync(["users", "init", "--data", _folder.File("data2"), "boss"], input: "x", isClient: false, exitCode: 1, before: ["users", "init", "--data", _folder.File("data2"), "boss"]));
    }

    /// <summary>A broker whose first administrator was made with <c>avocet users init</c>.</summary>
    private async Task<ChildProcess> ServeAsync(bool isFirst = true)
    {
        var config = _folder.Write("avocet.toml", $"""
            data = "{_folder.File("data")}"

            [login]
            users = true
            failures_max = 0
            failure_delay_milliseconds = 0

            [[listener]]
            name = "tcp"
            port = "auto"
            """);
        if (isFirst) Assert.StartsWith("User 'admin' manages the users in ", await RunAsync(["users", "init", "--config", config], input: "manager", isClient: false), StringComparison.Ordinal);
        var server = AvocetProcess.Start("serve", "--config", config, "--data", _folder.File("data"));
        await server.WaitForLineAsync("Ready.");
        _port = (await AvocetProcess.PortOfAsync(server, "tcp")).ToString(CultureInfo.InvariantCulture);
        return server;
    }

    private async Task<bool> MayPublishAsync(string user, string password)
    {
        await using var process = ChildProcess.Start("mosquitto_pub", ["-p", _port, "-V", "5", "-u", user, "-P", password, "-q", "1", "-t", $"up/{user}/t", "-m", "x"]);
        return await process.WaitForExitAsync() == 0 && !process.Output.Contains("authori", StringComparison.OrdinalIgnoreCase);
    }

    private Task<string> RunAsync(params string[] arguments) => RunAsync(arguments, input: null);

    private async Task<string> RunAsync(string[] arguments, string? input = null, bool isClient = true, int exitCode = 0, string[]? before = null)
    {
        if (before is not null) await RunAsync(before, input, isClient);

        string[] login = isClient ? ["-p", _port, "-u", "admin", "-P", "manager"] : [];
        await using var process = AvocetProcess.Start([.. arguments, .. login]);
        if (input is not null) await process.WriteLastLineAsync(input);
        Assert.True(exitCode == await process.WaitForExitAsync(), process.Output);
        return process.Output.Trim();
    }
}
