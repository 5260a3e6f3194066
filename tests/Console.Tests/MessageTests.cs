using Avocet.Protocol;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>Messages: tried, retained, explained.</summary>
public sealed class MessageTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Message_that_is_published_in_one_tab_is_seen_in_another()
    {
        await using var reader = await fixture.OpenAsync("/try", "viewer");
        await reader.Button("Connect").ClickAsync();
        await reader.Page.GetByLabel("Topic Filter").FillAsync("tabs/#");
        await reader.Button("Subscribe").ClickAsync();
        await ConsolePage.SeesAsync(reader.Button("Unsubscribe from tabs/#"));

        var writer = await reader.OpenTabAsync("/try");
        await writer.Button("Connect").ClickAsync();
        await writer.Page.GetByLabel("Topic", new() { Exact = true }).FillAsync("tabs/hello");
        await writer.Page.GetByLabel("Payload").FillAsync("""{"from":"the other tab"}""");
        await writer.Page.GetByText("Properties", new() { Exact = true }).ClickAsync();
        await writer.Page.GetByLabel("User Properties").FillAsync("room=kitchen");
        await writer.Button("Publish").ClickAsync();
        await writer.SeesAsync("Published to tabs/hello.");

        var line = reader.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("tabs.hello") });
        await line.ClickAsync();
        await reader.SeesAsync("\"from\": \"the other tab\"");
        await reader.SeesAsync("kitchen");
        Assert.Empty(writer.Complaints);
    }

    [Fact]
    public async Task Retained_messages_are_searched_shown_and_removed_by_filter()
    {
        await using var client = await fixture.ConnectAsync("retainer");
        foreach (var number in new[] { 1, 2, 3 }) await client.PublishAsync($"old/things/{number}", $$"""{"number":{{number}}}""", Qos.AtLeastOnce, retain: true);
        await using var page = await fixture.OpenAsync("/retained", "operator");

        await page.Page.GetByLabel("Topic Filter").FillAsync("old/#");
        await page.Button("old/things/2").ClickAsync();
        await page.SeesAsync("\"number\": 2");

        await page.Button("Delete by filter…").ClickAsync();
        await page.SeesAsync("Delete 3 retained messages?");
        Assert.Equal(3, (await fixture.GetAsync("/api/v1/retained?filter=old/%23")).GetArrayLength());
        await page.Button("Delete 3").ClickAsync();
        await page.SeesAsync("No retained message fits");
        Assert.Equal(0, (await fixture.GetAsync("/api/v1/retained?filter=old/%23")).GetArrayLength());
    }

    [Fact]
    public async Task Explain_names_who_gets_a_message_and_why()
    {
        await using var client = await fixture.ConnectAsync("explained");
        await using var subscription = await client.OpenSubscriptionAsync("explain/+");
        await using var page = await fixture.OpenAsync("/explain", "viewer");

        await page.Page.GetByLabel("Topic").FillAsync("explain/door");
        await page.Button("Explain").ClickAsync();

        await ConsolePage.SeesAsync(page.Link("explained"));
        await page.SeesAsync("explain/+");
        await ConsolePage.SeesAsync(page.Page.Locator(".tag.accent").GetByText("sent"));
        Assert.Contains("topic=explain%2Fdoor", page.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_show_what_happens_as_it_happens()
    {
        await using var page = await fixture.OpenAsync("/events", "viewer");
        await page.Page.GetByLabel("Client identifier").FillAsync("newcomer");
        await page.SeesAsync("No such event is remembered");

        await using var client = await fixture.ConnectAsync("newcomer");

        await ConsolePage.SeesAsync(page.Link("newcomer"));
        await ConsolePage.SeesAsync(page.Page.Locator(".tag").GetByText("connected", new() { Exact = true }));
    }
}
