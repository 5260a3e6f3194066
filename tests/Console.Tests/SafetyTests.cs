using System.Net;
using Avocet.Protocol;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>What strangers send is text, and who may not act sees no way to.</summary>
public sealed class SafetyTests(ConsoleFixture fixture)
{
    private const string Attack = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";

    [Theory]
    [InlineData("/clients")]
    [InlineData("/retained")]
    [InlineData("/events")]
    [InlineData("/topics")]
    [InlineData("/sessions")]
    [InlineData("/devices")]
    public async Task Markup_in_client_identifier_topic_and_payload_is_shown_as_text(string path)
    {
        await using var client = await fixture.ConnectAsync($"{Attack}{path}");
        await client.PublishAsync($"attack{path}/{Attack.Replace('/', '|')}", Attack, Qos.AtLeastOnce, retain: true);
        await client.PublishAsync("zigbee2mqtt/" + Attack.Replace('/', '|'), """{"battery":5}""", Qos.AtLeastOnce, retain: true);
        await using var page = await fixture.OpenAsync(path);

        if (path == "/topics") await page.Page.GetByLabel("Search topics").FillAsync("attack");
        await ConsolePage.SeesAsync(page.Page.Locator("#content").GetByText("<img src=x").First);

        Assert.True(await page.Page.EvaluateAsync<bool>("() => window.hacked === undefined && document.querySelector('#content img, #content script') === null"));
    }

    [Fact]
    public async Task Markup_in_a_payload_stays_text_where_payloads_are_shown()
    {
        await using var client = await fixture.ConnectAsync("attacker");
        await client.PublishAsync("attack/payload", Attack, Qos.AtLeastOnce, retain: true);
        await using var page = await fixture.OpenAsync("/retained");

        await page.Button("attack/payload").ClickAsync();

        await Assertions.Expect(page.Page.Locator("pre").First).ToHaveTextAsync(Attack);
        Assert.True(await page.Page.EvaluateAsync<bool>("() => window.hacked === undefined"));
    }

    [Theory]
    [InlineData("/retained", "Delete by filter…")]
    [InlineData("/clients?id=wall-panel", "Disconnect")]
    [InlineData("/clients?id=wall-panel", "End session")]
    [InlineData("/settings", "Reload the configuration")]
    [InlineData("/topics?topic=home/kitchen/climate", "Delete retained")]
    public async Task Button_that_acts_is_there_for_who_may_and_not_for_a_viewer(string path, string button)
    {
        await using var admin = await fixture.OpenAsync(path);
        await ConsolePage.SeesAsync(admin.Button(button));

        await using var viewer = await fixture.OpenAsync(path, "viewer");
        await ConsolePage.SeesAsync(viewer.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }));
        await ConsolePage.SeesAsync(viewer.Page.Locator("#content table, #content [role=table], #content dl").First);
        await ConsolePage.SeesNothingOfAsync(viewer.Button(button));
    }

    [Theory]
    [InlineData("viewer", "/api/v1/publish", """{"topic":"a","payload":"b"}""")]
    [InlineData("viewer", "/api/v1/clients/disconnect", """{"client_id":"wall-panel"}""")]
    [InlineData("viewer", "/api/v1/retained/remove", """{"filter":"#"}""")]
    [InlineData("viewer", "/api/v1/bans", """{"kind":"client_id","value":"wall-panel"}""")]
    [InlineData("viewer", "/api/v1/traces", """{"kind":"client","value":"wall-panel"}""")]
    [InlineData("viewer", "/api/v1/sessions/end", """{"client_id":"wall-panel"}""")]
    [InlineData("operator", "/api/v1/mqtt/users", """{"name":"eve","password":"correct horse battery"}""")]
    [InlineData("operator", "/api/v1/users", """{"name":"eve","password":"correct horse battery","role":"admin"}""")]
    [InlineData("operator", "/api/v1/configuration/reload", "{}")]
    public async Task Api_refuses_what_the_page_does_not_offer(string role, string path, string body)
    {
        await using var page = await fixture.OpenAsync("/", role);

        var status = await page.Page.EvaluateAsync<int>(
            "([path, body]) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Avocet-Console': '1' }, body }).then(response => response.status)", new[] { path, body });

        Assert.Equal((int)HttpStatusCode.Forbidden, status);
    }

    [Fact]
    public async Task Menu_of_a_viewer_has_no_page_that_only_others_may_use()
    {
        await using var page = await fixture.OpenAsync("/users", "viewer");

        await ConsolePage.SeesAsync(page.Heading("Your password"));

        await ConsolePage.SeesNothingOfAsync(page.Page.GetByText("Add a user"));
    }
}
