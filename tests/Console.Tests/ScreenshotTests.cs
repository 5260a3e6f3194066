using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The pictures in docs/images: made anew with AVOCET_WRITE_DOCS=1, and there for every page in any case.</summary>
public sealed partial class ScreenshotTests(ConsoleFixture fixture)
{
    private const long BytesMax = 200_000;

    private static readonly string Folder = Repository.File("docs", "images");

    /// <summary>What is done on a page before its picture is taken, so that it shows what it is for.</summary>
    private static readonly Dictionary<string, Func<ConsolePage, Task>> Preparations = new()
    {
        ["overview"] = page => WaitForPointsAsync(page, 25),
        ["topics"] = page => WaitForPointsAsync(page, 10),
        ["store"] = page => WaitForPointsAsync(page, 5),
        ["retained"] = page => page.SeesAsync("homeassistant/"),
        ["clients"] = page => page.SeesAsync("avocet-sim-kitchen_climate"),
        ["sessions"] = page => page.SeesAsync("wall-panel"),
        ["devices"] = page => page.SeesAsync("kitchen_climate"),
        ["events"] = page => page.SeesAsync("avocet-sim-kitchen_climate"),
        ["bandwidth"] = page => ConsolePage.SeesAsync(page.Link("wall-panel")),
        ["access"] = page => page.SeesAsync("history"),
        ["users"] = page => page.SeesAsync("anna (you)"),
        ["settings"] = page => page.Page.GetByLabel("Search settings").FillAsync("queue"),
        ["try"] = TryAsync,
        ["traces"] = TraceAsync,
        ["explain"] = page => ConsolePage.SeesAsync(page.Page.Locator("#content table")),
    };

    private static readonly (string Path, string Body)[] Household =
    [
        ("/mqtt/roles", """{"name":"sensor","acls":[{"type":"publishClientSend","topic":"#","allow":true}]}"""),
        ("/mqtt/roles", """{"name":"reader","acls":[{"type":"subscribePattern","topic":"#","allow":true},{"type":"publishClientReceive","topic":"#","allow":true}]}"""),
        ("/mqtt/users", $$"""{"name":"sensors","password":"{{ConsoleFixture.Password}}","roles":[{"name":"sensor"}]}"""),
        ("/mqtt/users", $$"""{"name":"history","password":"{{ConsoleFixture.Password}}","roles":[{"name":"reader"}]}"""),
        ("/mqtt/users", $$"""{"name":"anna","password":"{{ConsoleFixture.Password}}","roles":[{"name":"reader"},{"name":"sensor"}]}"""),
    ];

    private static readonly Dictionary<string, string> Queries = new()
    {
        ["topics"] = "?topic=zigbee2mqtt/kitchen_climate",
        ["explain"] = "?topic=zigbee2mqtt/kitchen_climate",
    };

    [Fact]
    public async Task Every_page_has_a_picture_in_light_and_dark_of_a_reasonable_size()
    {
        if (Environment.GetEnvironmentVariable("AVOCET_WRITE_DOCS") == "1") await TakeAsync();

        foreach (var name in PageTests.Pages.Select(page => NameOf(page.Data.Item1)))
        {
            foreach (var colours in new[] { "light", "dark" })
            {
                var file = new FileInfo(FileOf(name, colours));
                Assert.True(file.Exists, $"{file.Name} is missing: AVOCET_WRITE_DOCS=1 makes it.");
                Assert.InRange(file.Length, 5_000, BytesMax);
            }
        }
    }

    private async Task TakeAsync()
    {
        using var folder = new TemporaryFolder();
        await using var process = await AvocetProcess.ServeAsync("--console-port", "auto", "--data", folder.Path, "--set", "login.users=true");
        var port = await AvocetProcess.PortOfAsync(process);
        var link = SetupLink().Match(await process.WaitForLineAsync("/setup#")).Value;
        var context = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = new Uri(link).GetLeftPart(UriPartial.Authority), ViewportSize = new ViewportSize { Width = 1200, Height = 700 }, Locale = "en-GB" });
        await using var page = await ConsolePage.OpenAsync(context, link);
        await page.SetUpAsync("anna");
        foreach (var (path, body) in Household) await page.PostAsync(path, body);

        string[] account = ["-p", $"{port}", "-P", ConsoleFixture.Password];
        await using var home = AvocetProcess.Start(["simulate", "smart-home", "--clients", "20", "--speed", "10", "-u", "sensors", .. account]);
        await using var panel = ChildProcess.Start("mosquitto_sub", [.. account, "-u", "anna", "-i", "wall-panel", "-t", "zigbee2mqtt/#", "-q", "1", "-V", "mqttv5"]);
        await using var logger = ChildProcess.Start("mosquitto_sub", [.. account, "-u", "history", "-i", "history", "-t", "zigbee2mqtt/+", "-V", "mqttv5"]);

        Directory.CreateDirectory(Folder);
        foreach (var (path, title) in PageTests.Pages.Select(entry => entry.Data))
        {
            var name = NameOf(path);
            // The overview is there already, with what it has gathered.
            if (name != "overview") await page.Page.GotoAsync(path + Queries.GetValueOrDefault(name, ""));
            await ConsolePage.SeesAsync(page.Heading(title));
            if (Preparations.TryGetValue(name, out var prepare)) await prepare(page);
            foreach (var colours in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await page.Page.EmulateMediaAsync(new() { ColorScheme = colours });
                await WaitForDrawnAsync(page);
                await page.Page.ScreenshotAsync(new() { Path = FileOf(name, colours == ColorScheme.Light ? "light" : "dark") });
            }
        }
    }

    /// <summary>So many that its charts show something.</summary>
    private static async Task WaitForPointsAsync(ConsolePage page, int points)
    {
        const string HaveSoMany = "points => { const plots = [...document.querySelectorAll('.plot')]; return plots.length > 0 && plots.every(plot => Number(plot.dataset.points) >= points); }";
        var handle = await page.Page.WaitForFunctionAsync(HaveSoMany, points, new() { Timeout = 60_000 });
        await handle.DisposeAsync();
    }

    /// <summary>Charts are made anew in the other colours; what is drawn is on the screen a frame later.</summary>
    private static async Task WaitForDrawnAsync(ConsolePage page)
    {
        const string TwoFrames = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        await page.Page.EvaluateAsync(TwoFrames);
        await page.Page.WaitForFunctionAsync("() => [...document.querySelectorAll('.plot')].every(plot => plot.querySelector('canvas'))");
        await page.Page.EvaluateAsync(TwoFrames);
    }

    private static async Task TryAsync(ConsolePage page)
    {
        await page.Page.GetByLabel("MQTT user").FillAsync("anna");
        await page.Page.GetByLabel("Password").FillAsync(ConsoleFixture.Password);
        await page.Button("Connect").ClickAsync();
        await page.Page.GetByLabel("Topic Filter").FillAsync("zigbee2mqtt/+");
        await page.Button("Subscribe").ClickAsync();
        await ConsolePage.SeesAsync(page.Button("Unsubscribe from zigbee2mqtt/+"));
    }

    private static async Task TraceAsync(ConsolePage page)
    {
        await page.Page.GetByLabel("Client identifier").FillAsync("avocet-sim-kitchen_plug");
        await page.Button("Start").ClickAsync();
        await ConsolePage.SeesAsync(page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("PUBLISH") }));
    }

    private static string NameOf(string path) => path == "/" ? "overview" : path[1..];

    private static string FileOf(string name, string colours) => Path.Combine(Folder, $"console-{name}-{colours}.png");

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
