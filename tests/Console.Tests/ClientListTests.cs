using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>A list of 100,000 clients: few rows in the page, and of the list only what somebody looked at.</summary>
public sealed class ClientListTests(ConsoleFixture fixture)
{
    private const int Total = 100_000;
    private const int RowHeight = 34;

    /// <summary>What a window of 800 pixels can show, what is kept above and below, and the head.</summary>
    private const int RowsMax = 60;

    private readonly ConcurrentQueue<Dictionary<string, string>> _requests = [];

    [Fact]
    public async Task Scrolling_fetches_each_part_once_and_only_where_it_stops()
    {
        await using var page = await OpenListAsync();
        await ConsolePage.SeesAsync(page.Link("client-000000"));
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Table)).ToHaveAttributeAsync("aria-rowcount", "100001");
        Assert.Equal([0], Skips());

        for (var row = 100; row <= 1000; row += 100)
        {
            await ScrollToAsync(page, row);
            await ConsolePage.SeesAsync(page.Link(NameOf(row)));
            Assert.InRange(await CountRowsAsync(page), 10, RowsMax);
        }

        Assert.Equal([0, 200, 400, 600, 800, 1000], Skips().Order());

        // The end is reached without what lies between.
        await ScrollToAsync(page, Total);
        await ConsolePage.SeesAsync(page.Link(NameOf(Total - 1)));
        Assert.InRange(await CountRowsAsync(page), 10, RowsMax);
        Assert.Equal([0, 200, 400, 600, 800, 1000, 99_800], Skips().Order());

        // What was fetched is still there.
        await ScrollToAsync(page, 0);
        await ConsolePage.SeesAsync(page.Link("client-000000"));
        Assert.Equal(7, Skips().Count);
    }

    [Fact]
    public async Task Dragging_the_scrollbar_over_everything_fetches_little()
    {
        await using var page = await OpenListAsync();
        await ConsolePage.SeesAsync(page.Link("client-000000"));

        // A step in each frame, as a hand does it, faster than anybody can read.
        var rowsMax = await page.Page.EvaluateAsync<int>(
            """
            async () => {
              const list = document.querySelector("[role=table]");
              let rows = 0;
              for (let step = 1; step <= 60; step++) {
                list.scrollTop = (list.scrollHeight * step) / 60;
                await new Promise(resolve => requestAnimationFrame(resolve));
                rows = Math.max(rows, list.querySelectorAll("[role=row]").length);
              }
              return rows;
            }
            """);

        await ConsolePage.SeesAsync(page.Link(NameOf(Total - 1)));
        Assert.InRange(rowsMax, 10, RowsMax);
        Assert.Equal(Skips().Distinct().Count(), Skips().Count);
        Assert.InRange(Skips().Count, 2, 60);
    }

    [Fact]
    public async Task Search_and_order_are_asked_of_the_broker()
    {
        await using var page = await OpenListAsync();
        await ConsolePage.SeesAsync(page.Link("client-000000"));
        await ScrollToAsync(page, 50_000);
        await ConsolePage.SeesAsync(page.Link("client-050000"));

        await page.Button("Client ↑").ClickAsync();
        await ConsolePage.SeesAsync(page.Link("client-099999"));
        var sorted = _requests.Last();
        Assert.Equal(("client_id", "true"), (sorted["sort"], sorted["descending"]));
        Assert.Equal(0, await page.Page.EvaluateAsync<int>("() => document.querySelector('[role=table]').scrollTop"));

        await page.Page.GetByLabel("Search").FillAsync("client-0123");
        await page.SeesAsync("100 found");
        await ConsolePage.SeesAsync(page.Link("client-012399"));
        Assert.Equal("client-0123", _requests.Last()["text"]);
        await page.Page.GetByLabel("Search").FillAsync("nobody");
        await page.SeesAsync("No client fits");
    }

    [Fact]
    public async Task Part_that_cannot_be_fetched_is_told_and_comes_with_the_next_try()
    {
        await using var page = await OpenListAsync();
        await ConsolePage.SeesAsync(page.Link("client-000000"));
        await page.Page.RouteAsync("**/api/v1/clients?*skip=*", route => route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"status":503,"title":"Busy","detail":"Too much at a time.","type":"about:blank"}""" }));

        await ScrollToAsync(page, 5000);
        await page.SeesAsync("Too much at a time.");
        await page.Page.UnrouteAsync("**/api/v1/clients?*skip=*");
        await page.Button("Try again").ClickAsync();

        await ConsolePage.SeesNothingOfAsync(page.Page.GetByText("Too much at a time."));
        await ScrollToAsync(page, 5000);
        await ConsolePage.SeesAsync(page.Link("client-005000"));
    }

    /// <summary>The page of clients, of a broker with more of them than sockets are to be had here.</summary>
    private async Task<ConsolePage> OpenListAsync()
    {
        var page = await fixture.OpenAsync("/events", "viewer");
        await ConsolePage.SeesAsync(page.Heading("Events"));
        await page.Page.RouteAsync("**/api/v1/clients?*", AnswerAsync);
        await page.Link("Clients").ClickAsync();
        return page;
    }

    private Task AnswerAsync(IRoute route)
    {
        var query = new Uri(route.Request.Url).Query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        _requests.Enqueue(query);
        var skip = int.Parse(query.GetValueOrDefault("skip", "0"), CultureInfo.InvariantCulture);
        var limit = int.Parse(query["limit"], CultureInfo.InvariantCulture);
        var found = Enumerable.Range(0, Total).Select(NameOf).Where(name => name.Contains(query.GetValueOrDefault("text", ""), StringComparison.Ordinal));
        var names = (query["descending"] == "true" ? found.Reverse() : found).ToList();
        var items = names.Skip(skip).Take(limit).Select(name => new
        {
            client_id = name,
            is_connected = true,
            user_name = "anna",
            address = "10.0.0.7:51234",
            connected_at = "2026-01-01T00:00:00+00:00",
            queued_messages = 0,
            dropped_messages = 0,
            messages_received = 12,
            messages_sent = 34,
            bytes_received = 567,
            bytes_sent = 890,
        });
        return route.FulfillAsync(new() { ContentType = "application/json", Body = JsonSerializer.Serialize(new { items, total = names.Count }) });
    }

    private List<int> Skips() => [.. _requests.Select(query => int.Parse(query.GetValueOrDefault("skip", "0"), CultureInfo.InvariantCulture))];

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"client-{number:000000}");

    /// <summary>Brings a row to the top of the list.</summary>
    private static Task<JsonElement?> ScrollToAsync(ConsolePage page, int row) =>
        page.Page.EvaluateAsync("top => { document.querySelector('[role=table]').scrollTop = top; }", row * RowHeight);

    private static Task<int> CountRowsAsync(ConsolePage page) => page.Page.EvaluateAsync<int>("() => document.querySelectorAll('[role=table] [role=row]').length");
}
