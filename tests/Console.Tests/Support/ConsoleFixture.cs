using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(ConsoleFixture))]

namespace Avocet.WebConsole.Tests.Support;

/// <summary>One real broker and one browser for all tests; each test has a browser profile of its own, and names of its own for what it publishes.</summary>
public sealed partial class ConsoleFixture : IAsyncLifetime
{
    public const string Password = "correct horse battery";

    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _storage = [];
    private ChildProcess _process = null!;
    private readonly List<MqttClient> _clients = [];
    private IPlaywright _playwright = null!;

    /// <summary>Roles of the users that there are; each is named as its role.</summary>
    public static IReadOnlyList<string> Roles => ["admin", "operator", "viewer"];

    public Uri Url { get; private set; } = null!;

    public int MqttPort { get; private set; }

    public string MqttUrl => $"mqtt://127.0.0.1:{MqttPort}";

    public IBrowser Browser { get; private set; } = null!;

    /// <summary>The API, as an admin.</summary>
    public HttpClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _process = await AvocetProcess.ServeAsync("--console-port", "auto", "--allow-anonymous", "--data", _folder.Path);
        MqttPort = await AvocetProcess.PortOfAsync(_process);
        var link = new Uri(SetupLink().Match(await _process.WaitForLineAsync("/setup#")).Value);
        Url = new Uri(link.GetLeftPart(UriPartial.Authority));
        Api = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30) };
        Api.DefaultRequestHeaders.Add("X-Avocet-Console", "1");
        await PostAsync("/api/v1/setup", new { token = link.Fragment[1..], name = Roles[0], password = Password });
        foreach (var role in Roles.Skip(1)) await PostAsync("/api/v1/users", new { name = role, password = Password, role });

        await StartTrafficAsync();
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
    }

    /// <summary>The first of those that systems install.</summary>
    private static string Chromium => Browsers.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("There is no Chromium. ./test.sh installs it.");

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await Api.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<JsonElement> GetAsync(string path) => JsonDocument.Parse(await Api.GetStringAsync(path)).RootElement;

    /// <summary>A client that stays connected until it is disposed.</summary>
    internal async Task<MqttClient> ConnectAsync(string clientId, Action<MqttClientOptions>? configure = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        return await MqttClient.ConnectAsync(
            MqttUrl,
            options =>
            {
                options.ClientId = clientId;
                configure?.Invoke(options);
            },
            deadline.Token);
    }

    /// <summary>A small house: clients of several kinds, and what they publish.</summary>
    private async Task StartTrafficAsync()
    {
        var panel = await ConnectAsync("wall-panel");
        _clients.Add(panel);
        await panel.OpenSubscriptionAsync("home/#");
        foreach (var room in new[] { "kitchen", "bathroom", "bedroom" })
        {
            var sensor = await ConnectAsync($"sensor-{room}");
            _clients.Add(sensor);
            for (var reading = 0; reading < 3; reading++)
            {
                await sensor.PublishAsync($"home/{room}/climate", $$"""{"temperature":{{20 + reading}}.5,"humidity":{{48 + reading}}}""", Qos.AtLeastOnce, retain: true);
            }
        }
    }

    /// <summary>A page of the console, with a user logged in.</summary>
    /// <param name="path">Where it begins.</param>
    /// <param name="role">Who is logged in.</param>
    /// <param name="isDark">Whether the system asks for dark colours.</param>
    /// <param name="width">Of the window.</param>
    /// <param name="height">Of the window.</param>
    internal async Task<ConsolePage> OpenAsync(string path, string role = "admin", bool isDark = false, int width = 1280, int height = 800)
    {
        var context = await Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Url.ToString(),
            StorageState = await StorageOfAsync(role),
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-GB",
        });
        return await ConsolePage.OpenAsync(context, path);
    }

    /// <summary>A page with nobody logged in.</summary>
    internal async Task<ConsolePage> OpenAnonymousAsync(string url) => await ConsolePage.OpenAsync(await Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = Url.ToString() }), url);

    private async Task<string> StorageOfAsync(string role)
    {
        if (_storage.TryGetValue(role, out var storage)) return storage;

        await using var page = await OpenAnonymousAsync("/");
        await page.LogInAsync(role, Password);
        return _storage[role] = await page.Page.Context.StorageStateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        foreach (var client in _clients) await client.DisposeAsync();
        _playwright?.Dispose();
        Api?.Dispose();
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
