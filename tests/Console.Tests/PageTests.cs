using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>What holds for every page: it opens by its address, nobody is shut out, and a phone is wide enough.</summary>
public sealed partial class PageTests(ConsoleFixture fixture)
{
    private const int PhoneWidth = 360;

    /// <summary>Paths and names, from the list that makes the menu.</summary>
    public static TheoryData<string, string> Pages
    {
        get
        {
            var source = File.ReadAllText(Repository.File("src", "Console", "src", "pages", "index.ts"));
            return [.. Entry().Matches(source).Select(match => (match.Groups[1].Value, match.Groups[2].Value))];
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public async Task Page_is_without_barriers_in_light_and_dark_and_fits_a_phone(string path, string name)
    {
        await using var page = await fixture.OpenAsync(path);
        await ConsolePage.SeesAsync(page.Heading(name));
        Assert.Empty(await page.FindBarriersAsync());

        await page.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Assertions.Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        Assert.Empty(await page.FindBarriersAsync());

        await page.Page.SetViewportSizeAsync(PhoneWidth, 740);
        Assert.Equal(0, await page.OverhangAsync());
    }

    [Fact]
    public async Task Menu_leads_everywhere_by_keyboard()
    {
        await using var page = await fixture.OpenAsync("/");
        var link = page.Link("Clients");
        await ConsolePage.SeesAsync(link);

        await link.FocusAsync();
        await page.Page.Keyboard.PressAsync("Enter");

        await ConsolePage.SeesAsync(page.Heading("Clients"));
        await Assertions.Expect(link).ToHaveAttributeAsync("aria-current", "page");
        await page.Page.GoBackAsync();
        await ConsolePage.SeesAsync(page.Heading("Overview"));
    }

    [GeneratedRegex("path: \"([^\"]+)\", name: \"([^\"]+)\"")]
    private static partial Regex Entry();
}
