using System.Globalization;
using Avocet.Security.Passwords;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Postgres;

/// <summary>The configuration of docs/security.md in the real process, under mosquitto_pub and mosquitto_sub.</summary>
public sealed class PostgresServeTests(PostgresServer server) : IClassFixture<PostgresServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Users_and_rules_of_the_database_count_and_no_secret_is_shown()
    {
        await server.RunAsync("""
            CREATE TABLE users (name text PRIMARY KEY, password_hash text NOT NULL, is_superuser boolean NOT NULL DEFAULT false, allowed boolean NOT NULL DEFAULT true);
            CREATE TABLE acl (name text REFERENCES users, place integer, action text, topic text, allow boolean, PRIMARY KEY (name, place))
            """);
        var hash = PasswordHash.Create(PasswordAlgorithm.Argon2id, new HashCost(1, 64, 1), "user-secret"u8).ToString();
        await server.RunAsync($"INSERT INTO users VALUES ('alice', '{hash}', false), ('root', '{hash}', true)");
        await server.RunAsync("INSERT INTO acl VALUES ('alice', 1, 'all', 'home/%u/#', true), ('alice', 2, 'subscribe', 'news', true)");
        var configuration = _folder.Write("avocet.toml", $"""
            [postgres_login]
            connection = "{server.Connection};Password={PostgresServer.Password}"
            query = "SELECT password_hash, is_superuser, allowed FROM users WHERE name = @username"
            acl_query = "SELECT action, topic, allow FROM acl WHERE name = @username ORDER BY place"
            """);
        await using var shown = AvocetProcess.Start("config", "show", "--config", configuration);
        Assert.DoesNotContain(PostgresServer.Password, await shown.WaitForSuccessAsync(), StringComparison.Ordinal);

        await using var process = await AvocetProcess.ServeAsync("--config", configuration, "--log-level", "trace");
        var port = (await AvocetProcess.PortOfAsync(process)).ToString(CultureInfo.InvariantCulture);
        string[] alice = ["-p", port, "-V", "5", "-u", "alice", "-P", "user-secret"];

        await RunAsync("mosquitto_pub", true, [.. alice, "-q", "1", "-r", "-t", "home/alice/door", "-m", "open"]);
        Assert.Contains("open", await RunAsync("mosquitto_sub", true, [.. alice, "-t", "home/#", "-C", "1", "-W", "10"]), StringComparison.Ordinal);
        // What is refused, mosquitto_pub says and ends all the same.
        Assert.Contains("Not authorized", await RunAsync("mosquitto_pub", true, [.. alice, "-q", "1", "-t", "news", "-m", "x"]), StringComparison.Ordinal);
        await RunAsync("mosquitto_pub", false, "-p", port, "-u", "alice", "-P", "wrong", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_pub", false, "-p", port, "-t", "a", "-m", "x");
        Assert.Contains("Avocet", await RunAsync("mosquitto_sub", true, "-p", port, "-u", "root", "-P", "user-secret", "-t", "$SYS/broker/version", "-C", "1", "-W", "10"), StringComparison.OrdinalIgnoreCase);

        foreach (var secret in (string[])[PostgresServer.Password, "user-secret", hash, hash[^40..]]) Assert.DoesNotContain(secret, process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_that_is_wrong_is_said_without_the_connection_string()
    {
        var configuration = _folder.Write("avocet.toml", "[postgres_login]\nconnection = \"Host=a;Pasword=hidden-word\"\nquery = \"SELECT @username\"\n");

        await using var process = AvocetProcess.Start("config", "check", configuration);

        Assert.NotEqual(0, await process.WaitForExitAsync());
        Assert.Contains("postgres_login.connection is no connection string", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", process.Output, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string program, bool succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        Assert.True(succeeds == (await process.WaitForExitAsync() == 0), process.Output);
        return process.Output;
    }
}
