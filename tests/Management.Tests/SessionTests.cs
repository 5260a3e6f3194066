using System.Net;
using Avocet.Management.Access;
using Avocet.Management.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>Logging in and out, and what a browser may be made to do.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task Setup_makes_the_first_user_once_and_logs_him_in()
    {
        await using var console = await TestConsole.StartAsync();
        var token = console.Host.Management.Setup.Text;
        Assert.Contains(console.Log.Entries, entry => entry.Event.Id == 5001 && entry.Message.EndsWith($"/setup#{token}", StringComparison.Ordinal));
        Assert.True((await TestConsole.ReadAsync(await console.Anonymous.GetAsync("/api/v1/setup"))).GetProperty("is_needed").GetBoolean());

        using var response = await SetUpAsync(console, token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("admin", (await TestConsole.ReadAsync(response)).GetProperty("scope").GetString());
        using var client = console.NewClient();
        client.DefaultRequestHeaders.Add("Cookie", TestConsole.CookieOf(response));
        Assert.Equal("anna", (await TestConsole.ReadAsync(await client.GetAsync("/api/v1/me"))).GetProperty("name").GetString());
        await TestConsole.ProblemAsync(await SetUpAsync(console, token), HttpStatusCode.Conflict);
        Assert.False((await TestConsole.ReadAsync(await console.Anonymous.GetAsync("/api/v1/setup"))).GetProperty("is_needed").GetBoolean());
    }

    [Fact]
    public async Task Setup_with_a_wrong_token_or_too_late_is_refused()
    {
        await using var console = await TestConsole.StartAsync();

        await TestConsole.ProblemAsync(await SetUpAsync(console, "AAAA"), HttpStatusCode.Forbidden);
        console.Clock.Advance(ManagementLimits.SetupTime);
        Assert.Contains("too old", await TestConsole.ProblemAsync(await SetUpAsync(console, console.Host.Management.Setup.Text), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        Assert.Empty(console.Accounts.Current.Users);
    }

    [Theory]
    [InlineData("anna", "short")]
    [InlineData("", TestConsole.Password)]
    [InlineData("a/b", TestConsole.Password)]
    [InlineData("../etc", TestConsole.Password)]
    public async Task Setup_with_a_bad_name_or_password_says_so(string name, string password)
    {
        await using var console = await TestConsole.StartAsync();

        await TestConsole.ProblemAsync(await SetUpAsync(console, console.Host.Management.Setup.Text, name, password), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Login_cookie_is_out_of_reach_of_scripts_and_other_sites()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);

        using var response = await LogInAsync(console, "anna", TestConsole.Password);

        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.StartsWith("avocet_console=", cookie, StringComparison.Ordinal);
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Login_that_fails_is_told_alike_for_every_reason_and_audited()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);

        // The answer is held back by the clock of the test.
        var wrong = LogInAsync(console, "anna", "wrong password");
        var unknown = LogInAsync(console, "nobody", "wrong password");
        using var firstResponse = await AdvanceUntilAsync(console, wrong);
        using var secondResponse = await AdvanceUntilAsync(console, unknown);

        Assert.Equal(await TestConsole.ProblemAsync(firstResponse, HttpStatusCode.Unauthorized), await TestConsole.ProblemAsync(secondResponse, HttpStatusCode.Unauthorized));
        Assert.Equal(["anna", "nobody"], console.Host.Management.Audit.Find(long.MaxValue, 10, entry => entry.Action == "login.failed").Select(entry => entry.Subject).Order());
    }

    [Fact]
    public async Task Login_after_too_many_failures_is_refused_also_with_the_right_password()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);
        for (var i = 0; i < 10; i++) (await AdvanceUntilAsync(console, LogInAsync(console, "anna", "wrong password"))).Dispose();

        using var refused = await LogInAsync(console, "anna", TestConsole.Password);
        await TestConsole.ProblemAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Headers.RetryAfter);

        console.Clock.Advance(TimeSpan.FromSeconds(301));
        using var taken = await LogInAsync(console, "anna", TestConsole.Password);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task Session_ends_after_idle_time()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Viewer);
        using var anna = await console.LogInAsync("anna");

        console.Clock.Advance(ManagementLimits.SessionIdleMax - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await anna.GetAsync("/api/v1/me")).StatusCode);
        console.Clock.Advance(ManagementLimits.SessionIdleMax);
        await TestConsole.ProblemAsync(await anna.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Session_ends_after_its_whole_time_however_busy_it_is()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Viewer);
        using var anna = await console.LogInAsync("anna");

        var step = ManagementLimits.SessionIdleMax / 2;
        for (var at = step; at < ManagementLimits.SessionTimeMax; at += step)
        {
            console.Clock.Advance(step);
            Assert.Equal(HttpStatusCode.OK, (await anna.GetAsync("/api/v1/me")).StatusCode);
        }

        console.Clock.Advance(step);
        await TestConsole.ProblemAsync(await anna.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Logout_ends_the_session()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Viewer);
        using var anna = await console.LogInAsync("anna");

        Assert.Equal(HttpStatusCode.NoContent, (await anna.PostAsync("/api/v1/logout", null)).StatusCode);
        await TestConsole.ProblemAsync(await anna.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Password_that_is_changed_ends_the_other_sessions()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Viewer);
        using var first = await console.LogInAsync("anna");
        using var second = await console.LogInAsync("anna");

        using var change = TestConsole.Json(HttpMethod.Post, "/api/v1/me/password", new { current_password = TestConsole.Password, new_password = "another password" });
        using var changed = await first.SendAsync(change);

        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        await TestConsole.ProblemAsync(await second.GetAsync("/api/v1/me"), HttpStatusCode.Unauthorized);
        using var again = console.NewClient();
        again.DefaultRequestHeaders.Add("Cookie", TestConsole.CookieOf(changed));
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/api/v1/me")).StatusCode);
        using var login = await console.LogInAsync("anna", "another password");
    }

    [Fact]
    public async Task Sessions_are_bounded_and_the_one_idle_the_longest_goes()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Viewer);
        var sessions = console.Host.Management.Sessions;
        var user = console.Accounts.FindUser("anna")!;
        var first = sessions.Begin(user);
        console.Clock.Advance(TimeSpan.FromSeconds(1));
        var last = "";
        for (var i = 0; i < ManagementLimits.SessionsMax; i++) last = sessions.Begin(user);

        Assert.Equal(ManagementLimits.SessionsMax, sessions.Count);
        Assert.False(sessions.TryUse(first, console.Accounts.FindUser, out _));
        Assert.True(sessions.TryUse(last, console.Accounts.FindUser, out _));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("1", "https://evil.example", null)]
    [InlineData("1", "null", null)]
    [InlineData("1", "http://127.0.0.1:1", null)]
    [InlineData("1", null, "cross-site")]
    [InlineData("1", null, "same-site")]
    public async Task Request_with_a_cookie_from_another_site_is_refused(string? header, string? origin, string? site)
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);
        using var anna = await console.LogInAsync("anna");
        anna.DefaultRequestHeaders.Remove(AccessMiddleware.ConsoleHeader);
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/publish", new { topic = "a", payload = "b" });
        if (header is not null) request.Headers.Add(AccessMiddleware.ConsoleHeader, header);
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);

        await TestConsole.ProblemAsync(await anna.SendAsync(request), HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Request_with_a_cookie_from_our_own_page_is_taken()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Operator);
        using var anna = await console.LogInAsync("anna");
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/publish", new { topic = "a", payload = "b" });
        request.Headers.Add("Origin", console.Host.Url.ToString().TrimEnd('/'));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");

        Assert.Equal(HttpStatusCode.OK, (await anna.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Login_from_another_site_is_refused()
    {
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/login", new { name = "anna", password = TestConsole.Password });

        await TestConsole.ProblemAsync(await console.Anonymous.SendAsync(request), HttpStatusCode.Forbidden);
    }

    private static async Task<HttpResponseMessage> SetUpAsync(TestConsole console, string token, string name = "anna", string password = TestConsole.Password)
    {
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/setup", new { token, name, password });
        request.Headers.Add(AccessMiddleware.ConsoleHeader, "1");
        return await console.Anonymous.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> LogInAsync(TestConsole console, string name, string password)
    {
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/login", new { name, password });
        request.Headers.Add(AccessMiddleware.ConsoleHeader, "1");
        return await console.Anonymous.SendAsync(request);
    }

    /// <summary>Moves the clock for as long as an answer is held back.</summary>
    private static async Task<HttpResponseMessage> AdvanceUntilAsync(TestConsole console, Task<HttpResponseMessage> answer)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var advanced = TimeSpan.Zero;
        while (!answer.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            // No further than an answer is ever held back: while one that is due is still on its way through a busy machine, failures must not be forgotten.
            if (advanced < TimeSpan.FromSeconds(20) && console.Host.Management.Passwords.HeldBack > 0)
            {
                console.Clock.Advance(TimeSpan.FromMilliseconds(100));
                advanced += TimeSpan.FromMilliseconds(100);
            }

            await Task.Yield();
        }

        return await answer;
    }
}
