using System.Text.RegularExpressions;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>Overview and clients, with real ones.</summary>
public sealed class ClientTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Overview_counts_a_client_as_it_comes()
    {
        await using var page = await fixture.OpenAsync("/");
        var figure = page.Page.Locator("[data-figure=clients]");
        await Assertions.Expect(figure).ToHaveTextAsync(new Regex("[0-9]"));
        await ConsolePage.SeesAsync(page.Page.Locator("canvas"));

        await using var client = await fixture.ConnectAsync("overview-1");
        var count = (await fixture.GetAsync("/api/v1/overview")).GetProperty("clients_connected").GetInt32();

        Assert.True(count > 0);
        await ConsolePage.SeesAsync(page.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("Clients connected: connected [1-9]") }));
    }

    [Fact]
    public async Task Clients_are_found_sorted_and_looked_at()
    {
        await using var first = await fixture.ConnectAsync("find-me-1");
        await using var second = await fixture.ConnectAsync("find-me-2");
        await using var subscription = await second.OpenSubscriptionAsync("find/+/me");
        await using var page = await fixture.OpenAsync("/clients");

        await page.Page.GetByLabel("Search").FillAsync("find-me");
        await page.SeesAsync("2 found");
        await page.Button("Client ↑").ClickAsync();
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Cell).First).ToContainTextAsync("find-me-2");

        await page.Link("find-me-2").ClickAsync();
        await ConsolePage.SeesAsync(page.Heading("find-me-2"));
        await page.SeesAsync("find/+/me");
        await page.SeesAsync("127.0.0.1");
    }

    [Fact]
    public async Task Client_is_disconnected_once_that_is_confirmed()
    {
        await using var client = await fixture.ConnectAsync("unwanted", options => options.Reconnects = false);
        await using var page = await fixture.OpenAsync("/clients?id=unwanted", "operator");

        await page.Button("Disconnect").ClickAsync();
        await page.SeesAsync("Disconnect unwanted?");
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Disconnect" }).ClickAsync();

        await ConsolePage.SeesAsync(page.Text("offline"));
        await ConsolePage.SeesNothingOfAsync(page.Page.GetByRole(AriaRole.Dialog));
    }

    [Fact]
    public async Task Queue_of_an_offline_client_is_shown_with_its_payloads()
    {
        await using (var client = await fixture.ConnectAsync("sleeper", options =>
        {
            options.CleanStart = false;
            options.SessionExpiry = TimeSpan.FromMinutes(10);
        }))
        {
            // Not disposed: what is subscribed to shall stay with the session.
            await client.OpenSubscriptionAsync("sleeper/#", new SubscribeOptions { Qos = Qos.AtLeastOnce });
        }

        await fixture.PostAsync("/api/v1/publish", new { topic = "sleeper/wakes", payload = """{"hour":7}""", qos = 1 });
        await using var page = await fixture.OpenAsync("/clients?id=sleeper", "operator");

        await page.Button("Look into the queue").ClickAsync();
        await page.SeesAsync("sleeper/wakes");
        await page.Button("Payload").ClickAsync();
        await page.SeesAsync("\"hour\": 7");
    }
}
