using System.Net;
using System.Net.Sockets;
using System.Text;
using Avocet.Management.Access;
using Avocet.Management.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What stands before every endpoint: host names, headers, sizes, times, and the form of errors.</summary>
public sealed class GuardTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("192.168.7.9", true)]
    [InlineData("[::1]", true)]
    [InlineData("broker.example.org", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("2130706433", false)]
    [InlineData("127.1", false)]
    public async Task Host_that_is_not_ours_is_refused(string host, bool isAllowed)
    {
        await using var console = await TestConsole.StartAsync(new ManagementOptions { AllowedHosts = ["broker.example.org"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        request.Headers.Host = $"{host}:{console.Host.Url.Port}";

        using var response = await console.Anonymous.SendAsync(request);

        if (isAllowed) Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        else Assert.Contains("allowed_hosts", await TestConsole.ProblemAsync(response, HttpStatusCode.MisdirectedRequest), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/api/v1/version")]
    [InlineData("/nowhere")]
    public async Task Answers_have_headers_that_let_a_browser_do_no_harm(string path)
    {
        await using var console = await TestConsole.StartAsync();

        using var response = await console.Anonymous.GetAsync(path);

        Assert.Equal(RequestGuard.ContentSecurityPolicy, response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Preflight_of_another_site_gets_no_permission()
    {
        await using var console = await TestConsole.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/v1/publish");
        request.Headers.Add("Origin", "https://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");

        using var response = await console.Anonymous.SendAsync(request);

        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/api/v1/..%2f..%2fconsole.json")]
    [InlineData("/api/v1/%2e%2e%5cconsole.json")]
    [InlineData("/console.json")]
    public async Task Path_that_climbs_finds_nothing(string path)
    {
        await using var console = await TestConsole.StartAsync();

        var answer = await SendRawAsync(console, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.Matches("^HTTP/1.1 (404|400) ", answer);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/setup", "text/html")]
    public async Task Page_and_what_it_loads_are_served_and_hold_nothing_inline(string path, string type)
    {
        await using var console = await TestConsole.StartAsync();

        using var response = await console.Anonymous.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        // The Content-Security-Policy would not let it run.
        Assert.DoesNotContain("<script>", text, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_path_method_and_content_type_are_told_as_problems()
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        await TestConsole.ProblemAsync(await admin.GetAsync("/api/v1/nowhere"), HttpStatusCode.NotFound);
        using var wrongMethod = await admin.DeleteAsync("/api/v1/version");
        await TestConsole.ProblemAsync(wrongMethod, HttpStatusCode.MethodNotAllowed);
        Assert.Contains("GET", wrongMethod.Content.Headers.Allow);
        using var text = new StringContent("topic=a", Encoding.UTF8, "text/plain");
        await TestConsole.ProblemAsync(await admin.PostAsync("/api/v1/publish", text), HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("{", "line 1")]
    [InlineData("[]", "$")]
    [InlineData("{\"payload\":\"x\"}", "topic")]
    [InlineData("{\"topic\":null}", "topic")]
    [InlineData("{\"topic\":\"a\",\"qos\":\"1\"}", "$.qos")]
    [InlineData("{\"topic\":\"a\",\"qoss\":1}", "qoss")]
    [InlineData("{\"topic\":\"a\",\"topic\":\"b\"}", "topic")]
    [InlineData("{\"topic\":\"a\",\"payload_base64\":\"!\"}", "$.payload_base64")]
    public async Task Body_that_does_not_fit_is_told_with_its_place(string body, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/publish", body);

        Assert.Contains(told, await TestConsole.ProblemAsync(await operate.SendAsync(request), HttpStatusCode.BadRequest), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Body_that_is_too_large_is_refused()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        using var request = TestConsole.Json(HttpMethod.Post, "/api/v1/publish", new { topic = "a", payload = new string('x', ManagementLimits.BodyBytesMax) });

        await TestConsole.ProblemAsync(await operate.SendAsync(request), HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Headers_that_are_too_large_are_refused()
    {
        await using var console = await TestConsole.StartAsync();

        var answer = await SendRawAsync(console, $"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: {new string('x', ManagementLimits.HeaderBytesMax)}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_does_not_finish_its_request_is_cut()
    {
        await using var console = await TestConsole.StartAsync();

        // Its end comes from the server, for nothing more is sent.
        var answer = await SendRawAsync(console, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n");

        Assert.Matches("^(HTTP/1.1 408 |$)", answer);
    }

    [Fact]
    public async Task Mistake_of_ours_is_logged_and_told_without_its_trace()
    {
        await using var console = await TestConsole.StartAsync(addEndpoints: app => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions
            .MapGet(app, "/broken", (Func<string>)(() => throw new InvalidOperationException("hidden"))).IsOpen());

        var detail = await TestConsole.ProblemAsync(await console.Anonymous.GetAsync("/broken"), HttpStatusCode.InternalServerError);

        Assert.DoesNotContain("hidden", detail, StringComparison.Ordinal);
        Assert.Contains(console.Log.Entries, entry => entry.Event.Id == 5003 && entry.Exception is InvalidOperationException);
    }

    /// <summary>Sends bytes as they are; everything until the server closes.</summary>
    private static async Task<string> SendRawAsync(TestConsole console, string request)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, console.Host.Url.Port, deadline.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), deadline.Token);
        var answer = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(answer, deadline.Token);
        }
        catch (IOException)
        {
            // Cut while more was on its way.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
