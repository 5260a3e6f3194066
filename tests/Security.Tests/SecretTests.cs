using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Avocet.Security.Passwords;
using Avocet.Security.Tests.Http;
using Avocet.Server.Tests.Support;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Avocet.Security.Tests;

/// <summary>Nothing that is secret reaches the log, at the level that says most, or <c>avocet config show</c>: with every source of users at once.</summary>
public sealed class SecretTests : IDisposable
{
    private const string TokenSecret = "token-secret-0123456789-0123456789-0123456789";

    private readonly TemporaryFolder _folder = new();
    private readonly WebService _service = new();

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Passwords_hashes_tokens_and_payloads_are_never_logged_or_shown()
    {
        var hash = PasswordHash.Create(PasswordAlgorithm.Argon2id, new HashCost(1, 64, 1), "right-password"u8).ToString();
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object> { ["sub"] = "bearer" },
            Expires = DateTime.UtcNow.AddHours(1),
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(TokenSecret)), SecurityAlgorithms.HmacSha256),
        });
        _service.Answer = _ => (500, "service-answer-word");
        var configuration = _folder.Write("avocet.toml", $"""
            log_level = "trace"
            [login]
            password_file = "{_folder.Write("passwords", $"alice:{hash}\n")}"
            failure_delay_milliseconds = 0
            failures_max = 0
            [jwt]
            secret_file = "{_folder.Write("token", TokenSecret + "\n")}"
            [http_login]
            url = "{_service.Url}"
            token_file = "{_folder.Write("service", "service-bearer-word\n")}"
            [http_access]
            url = "{_service.Url}access"
            token_file = "{_folder.File("service")}"
            [postgres_login]
            connection = "Host=127.0.0.1;Port=1;Username=avocet;Password=database-word"
            query = "SELECT hash FROM users WHERE name = @username"
            """);
        await using var shown = AvocetProcess.Start("config", "show", "--config", configuration);
        await using var process = await AvocetProcess.ServeAsync("--config", configuration);
        var port = (await AvocetProcess.PortOfAsync(process)).ToString(CultureInfo.InvariantCulture);
        string[][] logins = [["-u", "alice", "-P", "right-password"], ["-u", "alice", "-P", "wrong-password"], ["-u", "nobody", "-P", "other-password"], ["-u", "x", "-P", token], ["-u", "x", "-P", token + "x"]];
        foreach (var login in logins)
        {
            foreach (var version in (string[])["311", "5"])
            {
                await using var client = ChildProcess.Start("mosquitto_pub", ["-p", port, "-V", version, "-q", "1", "-t", "topic", "-m", "payload-word", .. login]);
                await client.WaitForExitAsync();
            }
        }

        // A wrong line, which a reload is told about.
        _folder.Write("passwords", "alice:plain-text-password\n");
        process.Signal(PosixSignal.SIGHUP);
        await process.WaitForLineAsync("the old ones stay");
        process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await process.WaitForExitAsync());

        // What is looked for would have been seen.
        foreach (var word in (string[])["user alice", "user bearer", "status 500", "127.0.0.1:1"]) Assert.Contains(word, process.Output, StringComparison.Ordinal);
        var all = process.Output + await shown.WaitForSuccessAsync();
        string[] secrets =
        [
            "right-password", "wrong-password", "other-password", "plain-text-password", "payload-word", hash, hash[^30..], token, token.Split('.')[2], TokenSecret, "service-bearer-word",
            "service-answer-word", "database-word",
        ];
        foreach (var secret in secrets) Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
    }
}
