using System.Net;
using System.Text.Json;
using Avocet.Management.Accounts;
using Avocet.Management.Tests.Support;
using CsCheck;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>Users, keys, and what of it is kept and audited.</summary>
public sealed class UserTests : IDisposable
{
    private readonly Server.Tests.Support.TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task User_is_added_changed_and_deleted_and_the_audit_log_says_so_without_secrets()
    {
        await using var console = await TestConsole.StartAsync(new ManagementOptions { DataFolder = _folder.Path });
        console.AddUser("root", Role.Admin);
        using var admin = console.WithKey(Scope.Admin);

        using var created = await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/users", new { name = "anna", password = TestConsole.Password, role = "viewer" }));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("/api/v1/users/anna", created.Headers.Location?.OriginalString);
        using var changed = await admin.SendAsync(TestConsole.Json(HttpMethod.Patch, "/api/v1/users/anna", new { role = "operator", password = "another password" }));
        Assert.Equal("operator", (await TestConsole.ReadAsync(changed)).GetProperty("role").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync("/api/v1/users/anna")).StatusCode);
        await TestConsole.ProblemAsync(await admin.GetAsync("/api/v1/users/anna"), HttpStatusCode.NotFound);

        var audit = (await TestConsole.ReadAsync(await admin.GetAsync("/api/v1/audit?action=user"))).GetProperty("items");
        Assert.Equal(["user.delete", "user.password", "user.create"], audit.EnumerateArray().Select(entry => entry.GetProperty("action").GetString()!));
        Assert.All(audit.EnumerateArray(), entry => Assert.Equal(("key:test Admin", "127.0.0.1"), (entry.GetProperty("who").GetString(), entry.GetProperty("address").GetString())));
        Assert.Equal("viewer", audit[1].GetProperty("before").GetProperty("role").GetString());
        Assert.Equal("operator", audit[1].GetProperty("after").GetProperty("role").GetString());
        var files = await File.ReadAllTextAsync(_folder.File("audit.jsonl")) + await File.ReadAllTextAsync(_folder.File("console.json"));
        Assert.DoesNotContain("another password", files, StringComparison.Ordinal);
        Assert.DoesNotContain(TestConsole.Password, files, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2id", await File.ReadAllTextAsync(_folder.File("audit.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_for_the_broker_only_and_survive_a_restart()
    {
        await using (var first = await TestConsole.StartAsync(new ManagementOptions { DataFolder = _folder.Path }))
        {
            first.AddUser("anna", Role.Admin);
            using var admin = first.WithKey(Scope.Admin);
            Assert.Equal(HttpStatusCode.OK, (await admin.PostAsync("/api/v1/configuration/reload", null)).StatusCode);
            foreach (var name in new[] { "console.json", "audit.jsonl", "console.local" })
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File(name)));
            }
        }

        Assert.False(File.Exists(_folder.File("console.local")));
        await using var second = await TestConsole.StartAsync(new ManagementOptions { DataFolder = _folder.Path });
        Assert.DoesNotContain(second.Log.Entries, entry => entry.Event.Id == 5001);
        using var anna = await second.LogInAsync("anna");
        Assert.Equal(2, second.Host.Management.Audit.Find(long.MaxValue, 10, _ => true).Max(entry => entry.Id));
    }

    [Fact]
    public async Task Local_key_in_the_data_folder_lets_in()
    {
        await using var console = await TestConsole.StartAsync(new ManagementOptions { DataFolder = _folder.Path });
        var local = JsonDocument.Parse(await File.ReadAllTextAsync(_folder.File("console.local"))).RootElement;
        using var client = console.NewClient();
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {local.GetProperty("key").GetString()}");

        Assert.Equal(console.Host.Url.ToString(), local.GetProperty("url").GetString());
        Assert.Equal("local", (await TestConsole.ReadAsync(await client.GetAsync("/api/v1/me"))).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Data_that_another_process_writes_counts_at_once_and_ends_sessions()
    {
        await using var console = await TestConsole.StartAsync(new ManagementOptions { DataFolder = _folder.Path });
        console.AddUser("anna", Role.Admin);
        using var anna = await console.LogInAsync("anna");

        var other = new AccountStore(_folder.Path, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance) { KeepsOwner = true };
        var hash = Users.HashOf("another password");
        other.Edit(document => document.With(document.Users[0] with { PasswordHash = hash, Revision = 2 }));
        File.SetLastWriteTimeUtc(_folder.File("console.json"), DateTime.UtcNow.AddSeconds(5));

        await TestConsole.ProblemAsync(await anna.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
        using var again = await console.LogInAsync("anna", "another password");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"version\":2}")]
    public async Task Data_that_cannot_be_read_is_told_and_left_alone(string text)
    {
        await File.WriteAllTextAsync(_folder.File("console.json"), text);

        var exception = Assert.Throws<ManagementException>(() => new AccountStore(_folder.Path, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));

        Assert.Contains(_folder.File("console.json"), exception.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(_folder.File("console.json")));
    }

    [Fact]
    public async Task Edit_of_a_user_who_was_changed_meanwhile_is_refused()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("root", Role.Admin);
        console.AddUser("anna", Role.Viewer);
        using var admin = console.WithKey(Scope.Admin);
        using var got = await admin.GetAsync("/api/v1/users/anna");
        var tag = got.Headers.ETag!.ToString();

        using var first = await EditAsync(admin, tag, "operator");
        using var second = await EditAsync(admin, tag, "admin");

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.NotEqual(tag, first.Headers.ETag!.ToString());
        await TestConsole.ProblemAsync(second, HttpStatusCode.PreconditionFailed);
        Assert.Equal(Role.Operator, console.Accounts.FindUser("anna")!.Role);
    }

    [Fact]
    public async Task Edits_of_one_user_at_a_time_with_one_tag_let_one_through()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("root", Role.Admin);
        console.AddUser("anna", Role.Viewer);
        using var admin = console.WithKey(Scope.Admin);
        var tag = (await admin.GetAsync("/api/v1/users/anna")).Headers.ETag!.ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => EditAsync(admin, tag, i % 2 == 0 ? "operator" : "admin")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(15, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
        Assert.Equal(2, console.Accounts.FindUser("anna")!.Revision);
    }

    [Fact]
    public async Task Last_admin_can_neither_go_nor_become_less()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);
        using var admin = console.WithKey(Scope.Admin);

        await TestConsole.ProblemAsync(await admin.DeleteAsync("/api/v1/users/anna"), HttpStatusCode.Conflict);
        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Patch, "/api/v1/users/anna", new { role = "viewer" })), HttpStatusCode.Conflict);
        Assert.Equal(Role.Admin, console.Accounts.FindUser("anna")!.Role);
    }

    [Fact]
    public async Task Session_of_a_user_whose_role_is_changed_ends()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("root", Role.Admin);
        console.AddUser("anna", Role.Admin);
        using var anna = await console.LogInAsync("anna");
        using var admin = console.WithKey(Scope.Admin);

        using var answer = await admin.SendAsync(TestConsole.Json(HttpMethod.Patch, "/api/v1/users/anna", new { role = "viewer" }));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await TestConsole.ProblemAsync(await anna.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Key_is_shown_once_works_and_ends_when_it_is_deleted()
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        using var response = await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/api-keys", new { name = "grafana", scope = "read", days = 30 }));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var created = await TestConsole.ReadAsync(response);
        var (key, id) = (created.GetProperty("key").GetString()!, created.GetProperty("id").GetString()!);
        Assert.Matches("^avocet_[A-Za-z0-9_-]{43}$", key);

        using var grafana = console.NewClient();
        grafana.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        Assert.Equal("key:grafana", (await TestConsole.ReadAsync(await grafana.GetAsync("/api/v1/me"))).GetProperty("name").GetString());
        var shown = await admin.GetStringAsync($"/api/v1/api-keys/{id}");
        Assert.DoesNotContain(key, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", shown, StringComparison.Ordinal);
        Assert.Contains("last_used_at", shown, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/api/v1/api-keys/{id}")).StatusCode);
        await TestConsole.ProblemAsync(await grafana.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("""{"name":"","scope":"read"}""")]
    [InlineData("""{"name":"a","scope":"root"}""")]
    [InlineData("""{"name":"a","scope":3}""")]
    [InlineData("""{"name":"a","scope":"read","days":0}""")]
    [InlineData("""{"name":"a","scope":"read","days":99999}""")]
    [InlineData("""{"name":"a\u0007b","scope":"read"}""")]
    public async Task Key_that_makes_no_sense_is_refused(string body)
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/api-keys", body)), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task List_comes_in_parts_that_together_are_whole()
    {
        await using var console = await TestConsole.StartAsync();
        for (var i = 0; i < 7; i++) console.AddKey(Scope.Read);
        using var admin = console.WithKey(Scope.Admin);

        var ids = new List<string>();
        for (var cursor = ""; ids.Count == 0 || cursor is not null;)
        {
            var page = await TestConsole.ReadAsync(await admin.GetAsync($"/api/v1/api-keys?limit=3&cursor={cursor}"));
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        Assert.Equal(console.Accounts.Current.Keys.Select(key => key.Id).Order(StringComparer.Ordinal), ids);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=-1")]
    [InlineData("limit=many")]
    [InlineData("limit=99999999999")]
    [InlineData("cursor=%21%21")]
    [InlineData("cursor=AAAA")]
    public async Task List_with_a_bad_limit_or_cursor_is_refused(string query)
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        foreach (var path in new[] { "/api/v1/users", "/api/v1/api-keys", "/api/v1/audit" }) await TestConsole.ProblemAsync(await admin.GetAsync($"{path}?{query}"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Audit_file_is_bounded_and_half_a_line_does_no_harm()
    {
        var audit = new Audit.AuditLog(_folder.Path, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        audit.Add("anna", "::1", "test", "first");
        await File.AppendAllTextAsync(_folder.File("audit.jsonl"), "{\"id\":2,\"ti\n");
        await File.AppendAllTextAsync(_folder.File("audit.jsonl"), new string(' ', Audit.AuditLog.FileBytesMax) + "\n");

        audit.Add("anna", "::1", "test", "second");
        Assert.True(new FileInfo(_folder.File("audit.jsonl")).Length < 1000);
        Assert.True(File.Exists(_folder.File("audit.1.jsonl")));
        Assert.Equal(["second", "first"], audit.Find(long.MaxValue, 10, _ => true).Select(entry => entry.Subject));
    }

    [Fact]
    public async Task Body_of_any_bytes_is_never_a_mistake_of_ours()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("root", Role.Admin);
        using var admin = console.WithKey(Scope.Admin);
        string[] paths = ["/api/v1/users", "/api/v1/api-keys", "/api/v1/publish", "/api/v1/clients/disconnect"];
        string[] pieces = ["{", "}", "[", "]", "\"name\"", "\"topic\"", "\"scope\"", "\"a\"", ":", ",", "null", "true", "1e999", "-0", "\\u0000", "\"\\ud800\"", "\"#\"", "\u0000", "\uffff"];
        var bodies = Gen.Int[0, pieces.Length - 1].Select(index => pieces[index]).Array[0, 12].Select(chosen => string.Concat(chosen));

        await bodies.SampleAsync(
            async body =>
            {
                foreach (var path in paths)
                {
                    using var response = await admin.SendAsync(TestConsole.Json(HttpMethod.Post, path, body));
                    Assert.True((int)response.StatusCode is >= 200 and < 500, $"{path} with {body}: {response.StatusCode}");
                }
            },
            iter: 100,
            threads: 1);

        Assert.Empty(console.Log.Errors);
    }

    private static Task<HttpResponseMessage> EditAsync(HttpClient admin, string tag, string role)
    {
        var request = TestConsole.Json(HttpMethod.Patch, "/api/v1/users/anna", new { role });
        request.Headers.TryAddWithoutValidation("If-Match", tag);
        return admin.SendAsync(request);
    }
}
