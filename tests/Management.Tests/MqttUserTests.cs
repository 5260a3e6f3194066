using System.Net;
using System.Text.Json;
using Avocet.Management.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>Users, groups and roles of MQTT clients over the API.</summary>
public sealed class MqttUserTests
{
    [Fact]
    public async Task User_with_a_role_is_made_changed_and_deleted()
    {
        await using var users = await MqttUsers.StartAsync();
        var console = users.Console;
        using var admin = console.WithKey(Scope.Admin);
        await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/roles", new { name = "lights", acls = new[] { new { type = "publishClientSend", topic = "light/#", allow = true } } });
        await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/users", new { name = "lamp/1", password = "a good password", roles = new[] { new { name = "lights" } } });
        await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/groups", new { name = "lamps", users = new[] { new { name = "lamp/1" } } });

        var lamp = await FindAsync(admin, "/api/v1/mqtt/users", "lamp/1");
        Assert.Equal("lights", lamp.GetProperty("roles")[0].GetProperty("name").GetString());
        Assert.Equal("lamps", lamp.GetProperty("groups")[0].GetProperty("name").GetString());
        Assert.Equal("light/#", (await FindAsync(admin, "/api/v1/mqtt/roles", "lights")).GetProperty("acls")[0].GetProperty("topic").GetString());
        Assert.Equal("lamp/1", (await FindAsync(admin, "/api/v1/mqtt/groups", "lamps")).GetProperty("users")[0].GetProperty("name").GetString());

        var client = await console.Broker.ConnectAsync(Given.Client("c").UserName("lamp/1").Password("a good password"));
        await client.SendAsync(Given.Publish("light/1").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, Protocol.ReasonCode.NoMatchingSubscribers));
        await SendAsync(admin, HttpMethod.Patch, "/api/v1/mqtt/users/lamp%2F1", new { disabled = true });
        await client.ExpectDisconnectAsync(Protocol.ReasonCode.NotAuthorized);
        Assert.True((await FindAsync(admin, "/api/v1/mqtt/users", "lamp/1")).GetProperty("disabled").GetBoolean());

        await SendAsync(admin, HttpMethod.Patch, "/api/v1/mqtt/roles/lights", new { text_name = "Lights", acls = Array.Empty<object>() });
        await SendAsync(admin, HttpMethod.Patch, "/api/v1/mqtt/groups/lamps", new { text_description = "All lamps" });
        Assert.Equal("Lights", (await FindAsync(admin, "/api/v1/mqtt/roles", "lights")).GetProperty("text_name").GetString());
        await SendAsync(admin, HttpMethod.Delete, "/api/v1/mqtt/users/lamp%2F1");
        await SendAsync(admin, HttpMethod.Delete, "/api/v1/mqtt/groups/lamps");
        await SendAsync(admin, HttpMethod.Delete, "/api/v1/mqtt/roles/lights");
        await TestConsole.ProblemAsync(await admin.DeleteAsync("/api/v1/mqtt/users/lamp%2F1"), HttpStatusCode.NotFound);

        var audited = console.Host.Management.Audit.Find(long.MaxValue, 20, entry => entry.Action.StartsWith("mqtt.", StringComparison.Ordinal));
        Assert.Equal("mqtt.user.create lamp/1", audited.Where(entry => entry.Action == "mqtt.user.create").Select(entry => $"{entry.Action} {entry.Subject}").Single());
        Assert.DoesNotContain(audited, entry => entry.ToString().Contains("good password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_refused_is_told_with_its_status()
    {
        await using var users = await MqttUsers.StartAsync();
        using var admin = users.Console.WithKey(Scope.Admin);
        await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/users", new { name = "u" });

        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/mqtt/users", new { name = "u" })), HttpStatusCode.Conflict);
        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/mqtt/users", new { password = "x" })), HttpStatusCode.BadRequest);
        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/mqtt/users", new { name = "v", roles = new[] { new { name = "none" } } })), HttpStatusCode.NotFound);
        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/mqtt/groups", new { name = "g", users = new[] { new { name = "none" } } })), HttpStatusCode.NotFound);
        await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/groups", new { name = "g" });
        await TestConsole.ProblemAsync(await admin.SendAsync(TestConsole.Json(HttpMethod.Post, "/api/v1/mqtt/roles", new { name = "r", acls = new[] { new { type = "nix", topic = "a", allow = true } } })), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Long_lists_come_in_parts()
    {
        await using var users = await MqttUsers.StartAsync();
        using var admin = users.Console.WithKey(Scope.Admin);
        for (var i = 0; i < 5; i++) await SendAsync(admin, HttpMethod.Post, "/api/v1/mqtt/groups", new { name = $"g{i}" });

        var names = new List<string>();
        var cursor = "";
        do
        {
            var page = await TestConsole.ReadAsync(await admin.GetAsync($"/api/v1/mqtt/groups?limit=2&cursor={cursor}"));
            names.AddRange(page.GetProperty("items").EnumerateArray().Select(group => group.GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("next", out var next) ? next.GetString()! : "";
        }
        while (cursor.Length > 0);

        Assert.Superset(new HashSet<string> { "g0", "g1", "g2", "g3", "g4" }, names.ToHashSet());
        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Fact]
    public async Task Broker_without_users_of_its_own_says_so()
    {
        await using var console = await TestConsole.StartAsync();
        using var admin = console.WithKey(Scope.Admin);

        Assert.Contains("users = true", await TestConsole.ProblemAsync(await admin.GetAsync("/api/v1/mqtt/users"), HttpStatusCode.Conflict), StringComparison.Ordinal);
    }

    private static async Task SendAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var response = await client.SendAsync(TestConsole.Json(method, path, body));
        Assert.True(response.StatusCode == HttpStatusCode.NoContent, $"{path}: {response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task<JsonElement> FindAsync(HttpClient client, string path, string name) =>
        (await TestConsole.ReadAsync(await client.GetAsync(path))).GetProperty("items").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
}
