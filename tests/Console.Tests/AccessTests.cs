using System.Text.RegularExpressions;
using Avocet.Client;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>Who may connect, and what is seen of them on the wire.</summary>
public sealed partial class AccessTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Ban_keeps_a_client_out_until_it_is_lifted()
    {
        await using var page = await fixture.OpenAsync("/access", "operator");
        await page.Page.GetByLabel("Who", new() { Exact = true }).FillAsync("nuisance");
        await page.Page.GetByLabel("Reason").FillAsync("sends nonsense");
        await page.Button("Ban").ClickAsync();
        await page.SeesAsync("sends nonsense");
        await Assert.ThrowsAsync<MqttConnectException>(() => fixture.ConnectAsync("nuisance", options => options.Reconnects = false));

        await page.Button("Lift the ban of nuisance").ClickAsync();
        await page.Button("Lift").Last.ClickAsync();
        await ConsolePage.SeesNothingOfAsync(page.Page.GetByText("sends nonsense"));
        await using var client = await fixture.ConnectAsync("nuisance");
    }

    [Fact]
    public async Task User_and_role_of_the_store_are_made_and_let_a_client_in()
    {
        using var folder = new TemporaryFolder();
        await using var process = await AvocetProcess.ServeAsync("--console-port", "auto", "--data", folder.Path, "--set", "login.users=true");
        var link = SetupLink().Match(await process.WaitForLineAsync("/setup#")).Value;
        await using var page = await fixture.OpenAnonymousAsync(link);
        await page.SetUpAsync("anna");

        await page.Link("MQTT access").ClickAsync();
        await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Roles" }).ClickAsync();
        await page.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("greeter");
        await page.Button("Add an entry").ClickAsync();
        await page.Page.GetByLabel("Topic", new() { Exact = true }).FillAsync("hello/#");
        await page.Button("Add the role").ClickAsync();
        await page.SeesAsync("may publish to");

        await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Users" }).ClickAsync();
        await page.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("guest");
        await page.Page.GetByLabel("Password").FillAsync("a guest's password");
        await page.Page.GetByLabel("Roles").FillAsync("greeter:5");
        await page.Button("Add").ClickAsync();
        await ConsolePage.SeesAsync(page.Button("Edit guest"));
        await page.SeesAsync("greeter:5");

        var port = await AvocetProcess.PortOfAsync(process);
        await using var client = await MqttClient.ConnectAsync($"mqtt://127.0.0.1:{port}", options =>
        {
            options.UserName = "guest";
            options.Password = "a guest's password";
        });
        await client.PublishAsync("hello/world", "hi", Protocol.Qos.AtLeastOnce);
    }

    [Fact]
    public async Task Trace_shows_the_packets_of_a_client_as_they_come()
    {
        await using var page = await fixture.OpenAsync("/traces?client=traced", "operator");
        await page.Button("Start").ClickAsync();
        await page.SeesAsync("No packets yet");

        await using var client = await fixture.ConnectAsync("traced");
        await client.PublishAsync("trace/me", "secret", Protocol.Qos.AtLeastOnce);

        var packet = page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("PUBLISH.*trace.me") });
        await packet.ClickAsync();
        await ConsolePage.SeesAsync(page.Page.GetByText("CONNACK"));
        await ConsolePage.SeesNothingOfAsync(page.Page.GetByText("secret"));
        // The list above counts them, too.
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "traced" })).ToHaveTextAsync(new Regex("running *[1-9]"));
    }

    [Fact]
    public async Task Bandwidth_names_who_sent()
    {
        await using var client = await fixture.ConnectAsync("sender");
        await client.PublishAsync("bandwidth/test", new string('x', 1000), Protocol.Qos.AtLeastOnce);
        await using var page = await fixture.OpenAsync("/bandwidth", "viewer");

        await ConsolePage.SeesAsync(page.Link("sender"));
        await page.Page.GetByLabel("By").SelectOptionAsync("topic");
        await ConsolePage.SeesAsync(page.Link("bandwidth"));
    }

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
