using System.Net;
using System.Text.Json;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>Bandwidth, traces and bans over the API.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task Bandwidth_is_told_in_total_by_client_and_by_topic()
    {
        await using var console = await TestConsole.StartAsync();
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("home/a").Payload("12345"), Given.Publish("garden"));
        await console.Broker.AdvanceAsync(1);
        using var reader = console.WithKey(Scope.Read);

        var total = await GetAsync(reader, "/api/v1/bandwidth");
        Assert.Equal(("total", 2), (total.GetProperty("items")[0].GetProperty("name").GetString(), total.GetProperty("items")[0].GetProperty("messages_in").GetInt64()));
        Assert.Equal(0, total.GetProperty("alias_saved_bytes").GetInt64());
        Assert.Equal("c", (await GetAsync(reader, "/api/v1/bandwidth?by=client&period=month")).GetProperty("items")[0].GetProperty("name").GetString());
        var topics = (await GetAsync(reader, "/api/v1/bandwidth?by=topic&limit=1")).GetProperty("items");
        Assert.Equal(["home", "other"], topics.EnumerateArray().Select(item => item.GetProperty("name").GetString()));
        Assert.Equal((false, true), (topics[0].GetProperty("is_rest").GetBoolean(), topics[1].GetProperty("is_rest").GetBoolean()));
        Assert.Contains("client", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/bandwidth?by=user"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Contains("month", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/bandwidth?period=year"), HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_is_begun_read_downloaded_and_removed()
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);
        var id = await StartAsync(operating, new { kind = "client", value = "c", minutes = 1 });
        var waiting = operating.GetAsync($"/api/v1/traces/{id}/entries?wait_seconds=20");
        var client = await console.Broker.ConnectAsync(Given.Client("c").Will("w", "last words"));
        await client.SendAsync(Given.Publish("a/b").Payload("<secret>\u001b[1m"));

        Assert.Equal("CONNECT", (await TestConsole.ReadAsync(await waiting)).GetProperty("items")[0].GetProperty("packet").GetString());
        var entries = await GetAsync(operating, $"/api/v1/traces/{id}/entries?after=1");
        Assert.Equal([("out", "CONNACK"), ("in", "PUBLISH")], entries.GetProperty("items").EnumerateArray().Select(entry => (entry.GetProperty("direction").GetString(), entry.GetProperty("packet").GetString())));
        Assert.Equal((3, true), (entries.GetProperty("last").GetInt64(), entries.GetProperty("is_running").GetBoolean()));
        Assert.Equal("a/b", entries.GetProperty("items")[1].GetProperty("detail").GetProperty("topic").GetString());
        Assert.Equal(3, (await GetAsync(operating, "/api/v1/traces")).GetProperty("items")[0].GetProperty("packets").GetInt64());

        using var text = await operating.GetAsync($"/api/v1/traces/{id}/download?format=text");
        Assert.StartsWith("attachment", text.Content.Headers.ContentDisposition!.ToString(), StringComparison.Ordinal);
        var lines = await text.Content.ReadAsStringAsync();
        Assert.Contains("PUBLISH: a/b, QoS 0", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("last words", lines, StringComparison.Ordinal);
        Assert.Equal(3, (await GetAsync(operating, $"/api/v1/traces/{id}/download")).GetArrayLength());

        Assert.Equal(HttpStatusCode.NoContent, (await operating.DeleteAsync($"/api/v1/traces/{id}")).StatusCode);
        await TestConsole.ProblemAsync(await operating.GetAsync($"/api/v1/traces/{id}/entries"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Trace_with_payloads_is_for_admins()
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);
        using var admin = console.WithKey(Scope.Admin);
        await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/traces", new { kind = "topic", value = "#", payloads = true })), HttpStatusCode.Forbidden);
        var id = await StartAsync(admin, new { kind = "topic", value = "a/#", payloads = true });
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a/b").Payload("shown"));

        Assert.Equal("shown", (await GetAsync(admin, $"/api/v1/traces/{id}/entries")).GetProperty("items")[0].GetProperty("detail").GetProperty("payload").GetString());
        await TestConsole.ProblemAsync(await operating.GetAsync($"/api/v1/traces/{id}/entries"), HttpStatusCode.Forbidden);
        await TestConsole.ProblemAsync(await operating.GetAsync($"/api/v1/traces/{id}/download"), HttpStatusCode.Forbidden);
        await TestConsole.ProblemAsync(await operating.DeleteAsync($"/api/v1/traces/{id}"), HttpStatusCode.Forbidden);
        Assert.Equal(0, (await GetAsync(operating, "/api/v1/traces")).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"kind":"topic","value":"a#"}""", "Topic Filter")]
    [InlineData("""{"kind":"address","value":"here"}""", "IP address")]
    [InlineData("""{"kind":"client","value":"c","minutes":61}""", "minutes")]
    [InlineData("""{"kind":"user","value":"c"}""", "the value is of another type")]
    [InlineData("""{"kind":"client"}""", "missing is 'value'")]
    [InlineData("""{"kind":"client","value":"c","colour":"red"}""", "there is no property 'colour'")]
    public async Task Trace_that_is_not_valid_is_refused_in_words_of_the_api(string body, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);

        var detail = await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/traces", body)), HttpStatusCode.BadRequest);

        Assert.Contains(told, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Avocet.", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/clients?limit=many", "A parameter does not fit; /api/v1/openapi.json tells what each takes.")]
    [InlineData("/api/v1/topics/one", "topic is missing.")]
    public async Task Parameter_that_does_not_fit_is_named_without_a_type(string path, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);

        Assert.Equal(told, await TestConsole.ProblemAsync(await reader.GetAsync(path), HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Fifth_trace_is_refused()
    {
        await using var console = await TestConsole.StartAsync();
        using var operating = console.WithKey(Scope.Operate);
        for (var i = 0; i < 4; i++) await StartAsync(operating, new { kind = "client", value = $"c{i}" });

        await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/traces", new { kind = "client", value = "c" })), HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Ban_cuts_off_is_listed_and_removed_and_audited()
    {
        await using var console = await TestConsole.StartAsync();
        var client = await console.Broker.ConnectAsync(Given.Client("c"));
        using var operating = console.WithKey(Scope.Operate);

        using var added = await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/bans", new { kind = "client_id", value = "c", minutes = 5, reason = "too loud" }));
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        var ban = (await GetAsync(operating, "/api/v1/bans")).GetProperty("items")[0];
        Assert.Equal(("client_id", "c", "too loud"), (ban.GetProperty("kind").GetString(), ban.GetProperty("value").GetString(), ban.GetProperty("reason").GetString()));

        Assert.Equal(HttpStatusCode.NoContent, (await operating.DeleteAsync($"/api/v1/bans/{ban.GetProperty("id").GetString()}")).StatusCode);
        await console.Broker.ConnectAsync(Given.Client("c"));
        Assert.Equal(["ban.remove client_id c", "ban.add client_id c"], console.Host.Management.Audit.Find(long.MaxValue, 2, _ => true).Select(entry => $"{entry.Action} {entry.Subject}"));
        await TestConsole.ProblemAsync(await operating.DeleteAsync("/api/v1/bans/none"), HttpStatusCode.NotFound);
        Assert.Contains("network", await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/bans", new { kind = "address", value = "here" })), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await TestConsole.ProblemAsync(await operating.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/bans", new { kind = "username", value = "u", minutes = 0 })), HttpStatusCode.BadRequest);
    }

    private static async Task<string> StartAsync(HttpClient client, object body)
    {
        using var response = await client.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/traces", body));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await TestConsole.ReadAsync(response)).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
        return await TestConsole.ReadAsync(response);
    }
}
