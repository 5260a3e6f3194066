using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The API's reference, which is another's script under a policy of its own: it asks nobody but this broker, and whoever is logged in can try the API there.</summary>
public sealed class ReferenceTests(ConsoleFixture fixture)
{
    [Theory]
    [InlineData(ColorScheme.Light, "light-mode")]
    [InlineData(ColorScheme.Dark, "dark-mode")]
    public async Task Reference_shows_our_operations_to_everybody_and_asks_no_other_host(ColorScheme colours, string mode)
    {
        var asked = new ConcurrentQueue<Uri>();
        var context = await fixture.Browser.NewContextAsync(new() { BaseURL = fixture.Url.ToString(), ColorScheme = colours });
        context.Request += (_, request) => asked.Enqueue(new Uri(request.Url));

        await using (var page = await ConsolePage.OpenAsync(context, "/reference"))
        {
            await ConsolePage.SeesAsync(page.Heading("Avocet"));
            await ConsolePage.SeesAsync(page.Page.GetByText("/health/ready"));
            await page.Link("Messages").ClickAsync();
            await ConsolePage.SeesAsync(page.Page.GetByText("/api/v1/publish"));

            await Assertions.Expect(page.Page.Locator("body")).ToHaveClassAsync(new Regex($@"\b{mode}\b"));
            // Data of a page are no requests to anybody.
            Assert.All(asked.Where(url => url.Scheme != "data"), url => Assert.Equal(fixture.Url.Authority, url.Authority));
            Assert.Contains(asked, url => url.AbsolutePath == "/api/v1/openapi.json");
        }
    }

    [Fact]
    public async Task Trying_what_changes_something_uses_the_session_of_the_browser()
    {
        await using var page = await fixture.OpenAsync("/reference#tag/configuration/POST/api/v1/configuration/reload");
        var operation = page.Page.GetByRole(AriaRole.Region).Filter(new() { HasText = "/api/v1/configuration/reload" }).Last;
        await operation.GetByRole(AriaRole.Button, new() { NameRegex = new("Test Request") }).First.ClickAsync();

        var answer = await page.Page.RunAndWaitForResponseAsync(
            () => page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Send") }).First.ClickAsync(),
            response => response.Url.EndsWith("/api/v1/configuration/reload", StringComparison.Ordinal));

        Assert.True(answer.Status == 200, await answer.TextAsync());
        await ConsolePage.SeesAsync(page.Page.GetByText("waiting_for_restart"));
    }

    [Fact]
    public async Task Settings_lead_to_the_reference()
    {
        await using var page = await fixture.OpenAsync("/settings");

        var reference = await page.Page.Context.RunAndWaitForPageAsync(() => page.Link("Reference of the API").ClickAsync());

        await ConsolePage.SeesAsync(reference.GetByRole(AriaRole.Heading, new() { Name = "Avocet", Exact = true }));
    }
}
