using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The first user, logging in and out.</summary>
public sealed partial class AccountTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Link_of_the_log_makes_the_first_user_and_lets_him_in()
    {
        using var folder = new TemporaryFolder();
        await using var process = await AvocetProcess.ServeAsync("--console-port", "auto", "--data", folder.Path);
        var link = SetupLink().Match(await process.WaitForLineAsync("/setup#")).Value;

        await using var page = await fixture.OpenAnonymousAsync(link);
        await page.Page.GetByLabel("Name").FillAsync("anna");
        await page.Page.GetByLabel("Password, at least").FillAsync(ConsoleFixture.Password);
        await page.Page.GetByLabel("The same again").FillAsync("something else");
        await page.Button("Make the user").ClickAsync();
        await page.SeesAsync("The two passwords differ.");
        await page.Page.GetByLabel("The same again").FillAsync(ConsoleFixture.Password);
        await page.Button("Make the user").ClickAsync();

        await ConsolePage.SeesAsync(page.Heading("Overview"));
        Assert.DoesNotContain("#", page.Page.Url, StringComparison.Ordinal);
        await page.SeesAsync("Nobody has connected yet. Send a first message:");
        var port = await AvocetProcess.PortOfAsync(process);
        await page.SeesAsync($"mosquitto_pub -h 127.0.0.1 -p {port}");
    }

    [Fact]
    public async Task Wrong_password_is_told_and_the_right_one_lets_in_and_out()
    {
        await using var page = await fixture.OpenAnonymousAsync("/clients");
        await page.Page.GetByLabel("Name").FillAsync("viewer");
        await page.Page.GetByLabel("Password").FillAsync("not the password");
        await page.Button("Log in").ClickAsync();
        await page.SeesAsync("The user or the password is wrong.");

        await page.LogInAsync("viewer", ConsoleFixture.Password);
        await ConsolePage.SeesAsync(page.Heading("Clients"));

        await page.Button("Log out").ClickAsync();
        await ConsolePage.SeesAsync(page.Button("Log in"));
        await page.Page.ReloadAsync();
        await ConsolePage.SeesAsync(page.Button("Log in"));
    }

    [Fact]
    public async Task Colours_follow_the_system_until_somebody_chooses()
    {
        await using var page = await fixture.OpenAsync("/", isDark: true);
        await Assertions.Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");

        await page.Button("Light colours").ClickAsync();

        await Assertions.Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        await page.Page.ReloadAsync();
        await Assertions.Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
    }

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
