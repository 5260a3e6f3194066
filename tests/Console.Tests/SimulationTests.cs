using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>On a fresh broker, whose listeners let nobody in without a password, a button shows what everything is for.</summary>
public sealed partial class SimulationTests(ConsoleFixture fixture)
{
    private const string Start = "Start a simulated home";
    private const string End = "End the simulated home";

    [Fact]
    public async Task Button_on_a_fresh_broker_brings_devices_and_takes_them_away_again()
    {
        using var folder = new TemporaryFolder();
        await using var process = await AvocetProcess.ServeAsync("--console-port", "auto", "--data", folder.Path, "--set", "login.users=true");
        var link = SetupLink().Match(await process.WaitForLineAsync("/setup#")).Value;
        var context = await fixture.Browser.NewContextAsync(new() { BaseURL = new Uri(link).GetLeftPart(UriPartial.Authority) });
        await using var page = await ConsolePage.OpenAsync(context, link);
        await page.SetUpAsync("anna");

        await ConsolePage.SeesAsync(page.Heading("Nobody has connected yet. Send a first message:"));
        await page.Button(Start).ClickAsync();
        await ConsolePage.SeesAsync(page.Button(End));
        await page.SeesAsync("with 20 devices");

        await page.Link("Devices").First.ClickAsync();
        await ConsolePage.SeesAsync(page.Link("kitchen_plug"));
        Assert.Empty(await page.FindBarriersAsync());
        await page.Page.GotoAsync("/clients");
        await page.SeesAsync("simulation-bathroom_climate");

        await page.Page.GotoAsync("/devices");
        await page.Button(End).ClickAsync();
        await ConsolePage.SeesAsync(page.Button(Start));
        await page.SeesAsync("No devices recognised yet");
        await ConsolePage.SeesNothingOfAsync(page.Link("kitchen_plug"));

        await page.Button(Start).ClickAsync();
        await ConsolePage.SeesAsync(page.Link("kitchen_plug"));
    }

    [Fact]
    public async Task Who_may_not_start_it_sees_no_button()
    {
        await using var page = await fixture.OpenAsync("/", role: "viewer");

        await page.Page.GetByText("Connect something new").ClickAsync();

        await page.SeesAsync("Clients connect to");
        await ConsolePage.SeesNothingOfAsync(page.Button(Start));
    }

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
