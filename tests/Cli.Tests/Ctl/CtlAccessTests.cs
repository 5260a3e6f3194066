using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Ctl;

/// <summary><c>avocet ctl</c>: who may do what, from here and from elsewhere, and what is told to who may not.</summary>
[Collection(CtlCollection.Name)]
public sealed class CtlAccessTests(CtlBroker broker)
{
    [Fact]
    public async Task Keys_are_made_listed_and_deleted()
    {
        var made = await broker.LinesAsync("keys", "create", "grafana", "--days", "30");
        Assert.Matches("^key +avocet_", made.Single(line => line.StartsWith("key ", StringComparison.Ordinal)));
        var id = Regex.Match(made[0], "^id +(\\w+)$").Groups[1].Value;

        var listed = (await broker.LinesAsync("keys", "list")).Single(line => line.StartsWith(id, StringComparison.Ordinal));
        Assert.Matches(@"^\w+  grafana +read ", listed);
        Assert.DoesNotContain("avocet_", listed, StringComparison.Ordinal);
        Assert.Equal("", await broker.RunAsync("keys", "delete", id));
        Assert.Equal("There is no such API key.", await broker.FailAsync("keys", "delete", id));
        Assert.Equal("days is 0; allowed is 1 to 3650, or nothing for never.", await broker.FailAsync("keys", "create", "x", "--days", "0"));
    }

    [Fact]
    public async Task Users_are_added_changed_and_deleted_and_the_audit_log_says_so()
    {
        await using (var add = broker.Start("users", "add", "anna", "--role", "admin"))
        {
            await add.WriteLastLineAsync("correct horse battery");
            Assert.Matches("(?m)^role +admin$", await add.WaitForSuccessAsync());
        }

        await using (var add = broker.Start("users", "add", "berta"))
        {
            await add.WriteLastLineAsync("short");
            Assert.Equal(1, await add.WaitForExitAsync());
            Assert.Contains("10", Assert.Single(add.ErrorLines), StringComparison.Ordinal);
        }

        await using (var add = broker.Start("users", "add", "berta"))
        {
            await add.WriteLastLineAsync("correct horse battery");
            await add.WaitForSuccessAsync();
        }

        Assert.Contains("operator", await broker.RunAsync("users", "role", "berta", "operator"), StringComparison.Ordinal);
        Assert.Matches(@"(?m)^berta  operator  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", await broker.RunAsync("users", "list"));
        Assert.Equal("", await broker.RunAsync("users", "delete", "berta"));
        Assert.Equal("There is no such user.", await broker.FailAsync("users", "role", "berta", "viewer"));
        Assert.Equal("There is no such user.", await broker.FailAsync("users", "delete", "berta"));
        Assert.Contains("last admin", await broker.FailAsync("users", "delete", "anna"), StringComparison.Ordinal);

        var log = await broker.LinesAsync("audit", "--who", "local", "--action", "user", "-n", "3");
        Assert.Matches("^ *id  time +who  ", log[0]);
        Assert.Contains("  user.delete ", log[1], StringComparison.Ordinal);
        Assert.Contains("  berta ", log[1] + " ", StringComparison.Ordinal);
        Assert.StartsWith("These are the first 3", log[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_is_shown_and_read_again()
    {
        Assert.Contains(await broker.LinesAsync("config", "show"), line => Regex.IsMatch(line, @"^limits\.packet_size_max +2097152 +default +false +false$"));
        Assert.Equal(["applied              none", "waiting_for_restart  none", "errors               none"], await broker.LinesAsync("config", "reload"));
    }

    [Fact]
    public async Task Key_lets_in_from_elsewhere_as_far_as_its_scope_goes()
    {
        var read = await broker.KeyFileAsync("read");
        var operate = await broker.KeyFileAsync("operate");

        var (exitCode, output, _) = await CommandLine.RunAsync(new Cli.Ctl.CtlCommand().Create(), "version", "--url", broker.Url, "--api-key-file", read);
        Assert.Equal(0, exitCode);
        Assert.Contains("version", output, StringComparison.Ordinal);
        Assert.Matches("^key:test read has the scope read; this takes operate.$", await FailAsync(read, "publish", "a", "x"));
        Assert.Matches("^key:test read has the scope read; this takes operate.$", await FailAsync(read, "messages", "watch", "#"));
        Assert.Matches("^key:test read has the scope read; this takes operate.$", await FailAsync(read, "trace", "save", "x"));
        Assert.Matches("^key:test operate has the scope operate; this takes admin.$", await FailAsync(operate, "config", "show"));

        await using var byVariable = AvocetProcess.Start(new Dictionary<string, string> { ["AVOCET_API_KEY"] = (await File.ReadAllTextAsync(read)).Trim() }, "ctl", "version", "--url", broker.Url);
        await byVariable.WaitForSuccessAsync();

        Task<string> FailAsync(string key, params string[] arguments) => CtlBroker.FailElsewhereAsync([.. arguments, "--url", broker.Url, "--api-key-file", key]);
    }

    [Fact]
    public async Task Who_has_no_key_or_a_wrong_one_is_told_what_to_do()
    {
        Assert.StartsWith("Log in (POST /api/v1/login), or send an API key", await CtlBroker.FailElsewhereAsync("overview", "--url", broker.Url), StringComparison.Ordinal);
        Assert.StartsWith("There is no such API key, or its time is over.", await CtlBroker.FailElsewhereAsync("overview", "--url", broker.Url, "--api-key-file", broker.File("wrong.key", "avocet_wrong\n")), StringComparison.Ordinal);
        Assert.StartsWith("--api-key-file: Could not find file", await CtlBroker.FailElsewhereAsync("overview", "--url", broker.Url, "--api-key-file", "nowhere.key"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_where_no_console_is_is_told()
    {
        Assert.StartsWith($"http://127.0.0.1:{broker.MqttPort}/ cannot be reached: ", await CtlBroker.FailElsewhereAsync("overview", "--url", $"http://127.0.0.1:{broker.MqttPort}"), StringComparison.Ordinal);
        foreach (var command in (string[][])[["health"], ["events", "-f"], ["messages", "watch", "#"], ["trace", "save", "x"]])
        {
            Assert.Equal("http://127.0.0.1:1/ cannot be reached: Connection refused.", await CtlBroker.FailElsewhereAsync([.. command, "--url", "http://127.0.0.1:1"]));
        }

        Assert.Equal("--url is 'broker:18083'; it is such as http://127.0.0.1:18083.", await CtlBroker.FailElsewhereAsync("overview", "--url", "broker:18083"));
    }

    [Theory]
    [InlineData("Argument 'name' not recognized. Must be one of: 'client_id', 'username', 'address'. See 'avocet ctl bans add --help'.", "bans", "add", "name", "x")]
    [InlineData("'client' is not known here; the nearest is clients. See 'avocet ctl --help'.", "client")]
    [InlineData("Required argument 'client-id' missing for command: 'show'. See 'avocet ctl clients show --help'.", "clients", "show")]
    public async Task Mistake_on_the_command_line_is_one_line(string told, params string[] arguments)
    {
        await using var process = AvocetProcess.Start(["ctl", .. arguments]);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([$"avocet: {told}"], process.ErrorLines);
    }
}
