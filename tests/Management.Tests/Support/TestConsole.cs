using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Resources;
using Avocet.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Management.Tests.Support;

/// <summary>The management listener of a broker in memory, on a free port, with a clock of the test's.</summary>
internal sealed class TestConsole : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly CapturedLog _log = new();

    private TestConsole(ManagementOptions options, TestBroker broker, Action<IServiceCollection>? addServices, Action<WebApplication>? addEndpoints)
    {
        Broker = broker;
        Host = ManagementHost.Create(
            options with { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) },
            new ManagementSources
            {
                Broker = broker.Broker,
                Version = "1.2.3",
                Listeners = () => [new ListenerDocument("tcp", "tcp", "mqtt://127.0.0.1:1883", false, true) { Certificates = [new CertificateDocument("CN=broker", "CN=authority", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1)) { Names = ["broker"] }] }],
                Settings = () => [new SettingDocument("log_level", "\"info\"", "default", false, true)],
                Reload = () => ReloadResult,
                TimeProvider = Clock,
                LoggerFactory = _log,
            },
            addServices,
            addEndpoints);
    }

    public ManagementHost Host { get; }

    public TestBroker Broker { get; }

    public FakeTimeProvider Clock => Broker.Clock;

    public CapturedLog Log => _log;

    public ReloadDocument ReloadResult { get; set; } = new(["log_level = \"debug\""], [], []);

    public AccountStore Accounts => Host.Management.Accounts;

    /// <summary>A client without credentials, cookies or redirects.</summary>
    public HttpClient Anonymous { get; private set; } = null!;

    public static async Task<TestConsole> StartAsync(
        ManagementOptions? options = null,
        BrokerServices? services = null,
        Action<IServiceCollection>? addServices = null,
        Action<WebApplication>? addEndpoints = null,
        BrokerOptions? brokerOptions = null)
    {
        var broker = new TestBroker(brokerOptions, services);
        var console = new TestConsole(options ?? new ManagementOptions(), broker, addServices, addEndpoints);
        await console.Host.StartAsync(CancellationToken.None);
        console.Anonymous = console.NewClient();
        return console;
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Host.Url, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>A client with an API key of a scope, made without the API.</summary>
    public HttpClient WithKey(Scope scope, TimeSpan? life = null)
    {
        var client = NewClient();
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {AddKey(scope, life)}");
        return client;
    }

    public string AddKey(Scope scope, TimeSpan? life = null)
    {
        var text = Secrets.CreateKey();
        var key = new ApiKey
        {
            Id = Secrets.CreateId(),
            Name = $"test {scope}",
            Scope = scope,
            Hash = Secrets.HashOf(text),
            CreatedAt = Clock.GetUtcNow(),
            CreatedBy = "test",
            ExpiresAt = life is { } time ? Clock.GetUtcNow() + time : null,
        };
        Accounts.Edit(document => document with { Keys = [.. document.Keys, key] });
        return text;
    }

    public void AddUser(string name, Role role) => Accounts.Edit(document => document.With(Users.Create(name, Password, role, Clock.GetUtcNow())));

    /// <summary>Logs a user in; returns what a browser would send.</summary>
    public async Task<HttpClient> LogInAsync(string name, string password = Password)
    {
        using var request = Json(HttpMethod.Post, "/api/v1/login", new { name, password });
        request.Headers.Add(AccessMiddleware.ConsoleHeader, "1");
        using var response = await Anonymous.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var client = NewClient();
        client.DefaultRequestHeaders.Add("Cookie", CookieOf(response));
        client.DefaultRequestHeaders.Add(AccessMiddleware.ConsoleHeader, "1");
        return client;
    }

    public static string CookieOf(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];

    public static HttpRequestMessage Json(HttpMethod method, string path, object? body = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return request;
    }

    public static Task<JsonElement> ReadAsync(HttpResponseMessage response) => response.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>Expects a problem document; returns its detail.</summary>
    public static async Task<string> ProblemAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.Equal("about:blank", problem.GetProperty("type").GetString());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.EndsWith(".", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", detail, StringComparison.Ordinal);
        return detail;
    }

    public async ValueTask DisposeAsync()
    {
        Anonymous.Dispose();
        await Host.StopAsync(CancellationToken.None);
        await Host.DisposeAsync();
        await Broker.DisposeAsync();
    }
}
