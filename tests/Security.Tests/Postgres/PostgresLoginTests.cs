using System.Net;
using System.Text;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Passwords;
using Avocet.Security.Postgres;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Security.Tests.Postgres;

/// <summary>Against a real PostgreSQL.</summary>
public sealed class PostgresLoginTests(PostgresServer server) : IClassFixture<PostgresServer>, IDisposable
{
    private const string Query = "SELECT password_hash, is_superuser, allowed FROM users WHERE username = @username";
    private const string AclQuery = "SELECT action, topic, allow FROM acl WHERE username = @username ORDER BY place";

    private static readonly HashCost Cheap = new(10);

    private readonly CapturedLog _log = new();
    private readonly HashingThreads _hashing = new(1);

    public void Dispose()
    {
        _hashing.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData("alice", "secret", false, ReasonCode.Success)]
    [InlineData("alice", "wrong", false, ReasonCode.BadUserNameOrPassword)]
    [InlineData("alice", "", false, ReasonCode.BadUserNameOrPassword)]
    [InlineData("alice", null, false, ReasonCode.BadUserNameOrPassword)]
    [InlineData("ALICE", "secret", true, ReasonCode.Success)]
    [InlineData("nobody", "secret", true, ReasonCode.Success)]
    [InlineData("", "secret", true, ReasonCode.Success)]
    [InlineData(null, "secret", true, ReasonCode.Success)]
    [InlineData("locked", "secret", false, ReasonCode.NotAuthorized)]
    [InlineData("locked", "wrong", false, ReasonCode.BadUserNameOrPassword)]
    public async Task Connect_is_judged_by_the_users_row_and_who_has_none_is_for_the_next(string? user, string? password, bool isNext, ReasonCode reason)
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator();

        var result = await AskAsync(authenticator, user, password);

        Assert.Equal((isNext, reason), (result.IsNext, result.Reason));
    }

    [Theory]
    [InlineData(PasswordAlgorithm.Argon2id)]
    [InlineData(PasswordAlgorithm.Pbkdf2Sha512)]
    [InlineData(PasswordAlgorithm.Sha512)]
    internal async Task Every_form_of_a_password_file_can_stand_in_the_row(PasswordAlgorithm algorithm)
    {
        await MakeTablesAsync();
        var cost = algorithm switch { PasswordAlgorithm.Argon2id => new HashCost(1, 8, 1), PasswordAlgorithm.Sha512 => new HashCost(1), _ => Cheap };
        await AddUserAsync("bob", PasswordHash.Create(algorithm, cost, "secret"u8).ToString());
        using var authenticator = Authenticator();

        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "bob", "secret")).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await AskAsync(authenticator, "bob", "wrong")).Reason);
    }

    [Theory]
    [InlineData("' OR '1'='1")]
    [InlineData("alice' --")]
    [InlineData("alice'; DROP TABLE users; --")]
    [InlineData("alice\\'; DROP TABLE users; --")]
    [InlineData("@username")]
    [InlineData("$1")]
    [InlineData("%")]
    [InlineData("alice\u2019 OR 1=1")]
    public async Task User_name_that_is_a_piece_of_sql_is_a_name_that_nobody_has(string user)
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator();

        Assert.True((await AskAsync(authenticator, user, "secret")).IsNext);
        Assert.True((await AskAsync(authenticator, "nobody", "secret", clientId: user)).IsNext);
        Assert.Equal(3L, await server.RunAsync("SELECT count(*) FROM users"));
        Assert.Empty(_log.Errors);
    }

    [Fact]
    public async Task Client_identifier_and_address_can_be_asked_for()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { Query = "SELECT password_hash FROM users WHERE username = @username AND @clientid = 'c' AND @address::inet << inet '127.0.0.0/8'" });

        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "secret")).Reason);
        Assert.True((await AskAsync(authenticator, "alice", "secret", clientId: "d")).IsNext);
        Assert.True((await AskAsync(authenticator, "alice", "secret", address: "192.0.2.1")).IsNext);
    }

    [Fact]
    public async Task Rules_of_the_database_count_in_their_order_and_for_superusers_there_are_none()
    {
        await MakeTablesAsync();
        await server.RunAsync("""
            INSERT INTO acl (username, place, action, topic, allow) VALUES
                ('alice', 1, 'all', 'home/vault/#', false), ('alice', 2, 'publish', 'home/#', true), ('alice', 3, 'subscribe', 'state/%u/+', true), ('alice', 4, 'all', 'dev/%c', true)
            """);
        await server.RunAsync("UPDATE users SET is_superuser = true WHERE username = 'locked'; UPDATE users SET allowed = true");
        using var authenticator = Authenticator(o => o with { AclQuery = AclQuery });
        var alice = await AskAsync(authenticator, "alice", "secret");
        var client = new ClientIdentity("c", "alice", Origin("127.0.0.1"));

        Assert.Equal((true, false, false, true, false), (Publish("home/door"), Publish("home/vault/door"), Publish("other"), Publish("dev/c"), Publish("dev/d")));
        Assert.True(alice.Rules!.MaySubscribe(client, "state/alice/#"u8, Qos.AtMostOnce));
        Assert.False(alice.Rules.MaySubscribe(client, "state/bob/+"u8, Qos.AtMostOnce));
        Assert.True(alice.Rules.MayReceive(client, "state/alice/x"u8));
        Assert.False(alice.Rules.MayReceive(client, "home/door"u8));

        // No row is no permission.
        var bare = await AskAsync(authenticator, "bare", "secret");
        Assert.False(bare.Rules!.MayPublish(client, "home/door"u8, Qos.AtMostOnce, retain: false));
        var super = await AskAsync(authenticator, "locked", "secret");
        Assert.Equal((true, null), (super.IsSuperuser, super.Rules));

        bool Publish(string topic) => alice.Rules!.MayPublish(client, Encoding.UTF8.GetBytes(topic), Qos.AtMostOnce, retain: false);
    }

    [Theory]
    [InlineData("UPDATE users SET password_hash = 'plain text' WHERE username = 'alice'", "the password is not hashed")]
    [InlineData("UPDATE users SET password_hash = NULL WHERE username = 'alice'", "is no text")]
    [InlineData("INSERT INTO users SELECT * FROM users", "several rows")]
    [InlineData("INSERT INTO acl VALUES ('alice', 1, 'shout', 'a', true)", "row 1 of acl_query: the action is")]
    [InlineData("INSERT INTO acl VALUES ('alice', 1, 'all', 'a/#/b', true)", "row 1 of acl_query: topic")]
    [InlineData("INSERT INTO acl VALUES ('alice', 1, 'all', NULL, true)", "row 1 of acl_query: action and topic are text")]
    public async Task Row_that_cannot_be_used_keeps_its_user_out_and_is_named(string change, string problem)
    {
        await MakeTablesAsync();
        await server.RunAsync(change);
        using var authenticator = Authenticator(o => o with { AclQuery = AclQuery });

        Assert.Equal(ReasonCode.ServerUnavailable, (await AskAsync(authenticator, "alice", "secret")).Reason);
        var line = Assert.Single(_log.Errors).Message;
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.Contains("'alice'", line, StringComparison.Ordinal);
        Assert.DoesNotContain("plain text", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT no_such_column FROM users WHERE username = @username", "42703")]
    [InlineData("SELECT FROM WHERE @username", "42601")]
    [InlineData("SELECT password_hash, 'x' AS allowed FROM users WHERE username = @username", "boolean or integer")]
    public async Task Query_that_does_not_work_keeps_everybody_out_and_is_logged_once(string query, string problem)
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { Query = query });

        for (var i = 0; i < 5; i++) Assert.Equal(ReasonCode.ServerUnavailable, (await AskAsync(authenticator, "alice", "secret")).Reason);
        Assert.Contains(problem, Assert.Single(_log.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_is_remembered_and_a_new_password_counts_at_once()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator();
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "secret")).Reason);
        await server.RunAsync($"UPDATE users SET password_hash = '{Hash("other")}' WHERE username = 'alice'");

        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "secret")).Reason);
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "other")).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await AskAsync(authenticator, "alice", "secret")).Reason);
    }

    [Fact]
    public async Task Query_that_takes_too_long_keeps_its_client_out_and_not_the_others()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with
        {
            TimeoutMilliseconds = 500,
            ConnectionsMax = 2,
            Query = "SELECT password_hash FROM users WHERE username = @username AND (SELECT pg_sleep(CASE WHEN @username = 'alice' THEN 60 ELSE 0 END)) IS NOT NULL",
        });

        var slow = AskAsync(authenticator, "alice", "secret");
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "bare", "secret")).Reason);
        Assert.Equal(ReasonCode.ServerUnavailable, (await slow).Reason);
        Assert.Contains("no answer within 500 ms", Assert.Single(_log.Errors).Message, StringComparison.Ordinal);
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "bare", "secret")).Reason);
    }

    [Fact]
    public async Task Connections_to_the_database_are_bounded()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { ConnectionsMax = 2, CacheSeconds = 0, Connection = o.Connection + ";Application Name=bounded" });

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => AskAsync(authenticator, "alice", "secret")));

        Assert.All(results, result => Assert.Equal(ReasonCode.Success, result.Reason));
        Assert.InRange((long)(await server.RunAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bounded'"))!, 1, 2);
    }

    [Fact]
    public async Task Client_that_goes_does_not_wait_for_the_database()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { TimeoutMilliseconds = 5000, Query = "SELECT password_hash FROM users WHERE username = @username AND (SELECT pg_sleep(60)) IS NOT NULL" });
        using var gone = new CancellationTokenSource();

        var waiting = authenticator.AuthenticateAsync(Request("alice", "secret"), gone.Token).AsTask();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Database_that_stops_keeps_its_users_out_until_it_is_back()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { CacheSeconds = 0 });
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(authenticator, "alice", "secret")));
        Assert.All(results, result => Assert.Equal(ReasonCode.Success, result.Reason));

        // So quickly that nobody notices, apart from the connections that are kept.
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "secret")).Reason);
        Assert.Empty(_log.Errors);

        await server.StopAsync();
        for (var i = 0; i < 10; i++) Assert.Equal(ReasonCode.ServerUnavailable, (await AskAsync(authenticator, "alice", "secret")).Reason);
        await server.StartAsync();
        Assert.Equal(ReasonCode.Success, (await AskAsync(authenticator, "alice", "secret")).Reason);
        Assert.Equal([4020, 4021], _log.Entries.Select(entry => entry.Event.Id));
        Assert.DoesNotContain(_log.Entries, entry => entry.Message.Contains(PostgresServer.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_password_of_the_connection_is_said_without_it()
    {
        await MakeTablesAsync();
        using var authenticator = Authenticator(o => o with { PasswordFile = "", Connection = o.Connection + ";Password=not-the-one" });

        Assert.Equal(ReasonCode.ServerUnavailable, (await AskAsync(authenticator, "alice", "secret")).Reason);
        var line = Assert.Single(_log.Errors).Message;
        Assert.Contains("password authentication failed", line, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-one", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "SELECT 1", "connection")]
    [InlineData("Host=a", "", "query")]
    [InlineData("Host=a", "SELECT hash FROM users", "query")]
    [InlineData("Host=a;Port=x", "SELECT @username", "connection")]
    [InlineData("Hots=a", "SELECT @username", "connection")]
    [InlineData("Database=a", "SELECT @username", "connection")]
    [InlineData("Host=a", "SELECT @username", null)]
    public void Configuration_is_checked(string connection, string query, string? key) =>
        Assert.Equal(key, new PostgresOptions { Connection = connection, Query = query }.FindProblem()?.Key);

    private static string Hash(string password) => PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, Cheap, Encoding.UTF8.GetBytes(password)).ToString();

    private static ConnectionOrigin Origin(string address) => new() { Listener = new ListenerPolicy { Name = "test" }, RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 50_000) };

    private static AuthenticationRequest Request(string? user, string? password, string clientId = "c", string address = "127.0.0.1") => new()
    {
        ClientId = clientId,
        UserName = user,
        Password = password is null ? null : Encoding.UTF8.GetBytes(password),
        Origin = Origin(address),
    };

    private static Task<AuthenticationResult> AskAsync(PostgresAuthenticator authenticator, string? user, string? password, string clientId = "c", string address = "127.0.0.1") =>
        authenticator.AuthenticateAsync(Request(user, password, clientId, address), CancellationToken.None).AsTask();

    private PostgresAuthenticator Authenticator(Func<PostgresOptions, PostgresOptions>? change = null)
    {
        var options = new PostgresOptions { Connection = server.Connection, PasswordFile = server.PasswordFile, Query = Query, TimeoutMilliseconds = 10_000 };
        return new PostgresAuthenticator(change?.Invoke(options) ?? options, _hashing, TimeProvider.System, _log.CreateLogger("test"));
    }

    private async Task MakeTablesAsync()
    {
        await server.RunAsync("""
            DROP TABLE IF EXISTS users, acl;
            CREATE TABLE users (username text, password_hash text, is_superuser boolean DEFAULT false, allowed boolean DEFAULT true);
            CREATE TABLE acl (username text, place integer, action text, topic text, allow boolean)
            """);
        foreach (var user in (string[])["alice", "bare", "locked"]) await AddUserAsync(user, Hash("secret"));
        await server.RunAsync("UPDATE users SET allowed = false WHERE username = 'locked'");
    }

    private Task<object?> AddUserAsync(string user, string hash) => server.RunAsync($"INSERT INTO users (username, password_hash) VALUES ('{user}', '{hash}')");
}
