using Avocet.Protocol;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The tree of topics, live.</summary>
public sealed class TopicTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Tree_opens_to_a_topic_whose_values_come_by_with_what_changed()
    {
        await using var client = await fixture.ConnectAsync("tree-sensor");
        await client.PublishAsync("tree/cellar/climate", """{"temperature":12.5,"door":"shut"}""", Qos.AtLeastOnce, retain: true);
        await using var page = await fixture.OpenAsync("/topics", "operator");

        await page.Button("Below tree").ClickAsync();
        await page.Button("Below tree/cellar").ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "climate" }).First.ClickAsync();
        await page.SeesAsync("\"temperature\": 12.5");

        await client.PublishAsync("tree/cellar/climate", """{"temperature":13.5,"door":"shut"}""", Qos.AtLeastOnce, retain: true);
        await page.SeesAsync("\"temperature\": 13.5");
        await page.SeesAsync("Different from the one before");
        await ConsolePage.SeesAsync(page.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("Values of temperature: temperature 13.5") }));
        await ConsolePage.SeesAsync(page.Link("tree-sensor"));
    }

    [Fact]
    public async Task Message_is_published_from_its_topic_and_its_retained_one_deleted()
    {
        await using var client = await fixture.ConnectAsync("publish-sensor");
        await client.PublishAsync("acting/lamp", "on", Qos.AtLeastOnce, retain: true);
        await using var page = await fixture.OpenAsync("/topics?topic=acting/lamp", "operator");
        await ConsolePage.SeesAsync(page.Page.Locator("pre").GetByText("on", new() { Exact = true }));

        await page.Page.GetByText("Publish to this topic").ClickAsync();
        await page.Page.GetByLabel("Payload", new() { Exact = true }).FillAsync("off");
        await page.Button("Publish").ClickAsync();
        await ConsolePage.SeesAsync(page.Page.Locator("pre").GetByText("off", new() { Exact = true }));

        await page.Button("Delete retained").ClickAsync();
        await page.Button("Delete").ClickAsync();
        await ConsolePage.SeesNothingOfAsync(page.Button("Delete retained"));
        Assert.Equal(0, (await fixture.GetAsync("/api/v1/retained?filter=acting/lamp")).GetArrayLength());
    }

    [Fact]
    public async Task Topics_are_searched_by_a_part_of_them()
    {
        await using var client = await fixture.ConnectAsync("search-sensor");
        await client.PublishAsync("search/needle/in/hay", "1", Qos.AtLeastOnce);
        await using var page = await fixture.OpenAsync("/topics", "viewer");

        await page.Page.GetByLabel("Search topics").FillAsync("needle");

        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("search.needle.in.hay") }).ClickAsync();
        await ConsolePage.SeesAsync(page.Link("search-sensor"));
        await ConsolePage.SeesNothingOfAsync(page.Page.GetByText("Publish to this topic"));
    }
}
