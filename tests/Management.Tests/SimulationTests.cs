using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>The simulated home over the API: what it shows while it runs, that nobody else may more through it, and that nothing is left of it.</summary>
public sealed class SimulationTests
{
    private const string Path = "/api/v1/simulation";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Start_brings_devices_as_clients_with_discovery_and_is_audited()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);

        var started = await StartAsync(operate, new { clients = 4, minutes = 10 });

        Assert.True(started.GetProperty("is_running").GetBoolean());
        Assert.Equal(4, started.GetProperty("clients").GetInt32());
        Assert.Equal(TimeSpan.FromMinutes(10), started.GetProperty("ends_at").GetDateTimeOffset() - started.GetProperty("started_at").GetDateTimeOffset());
        var clients = await operate.GetFromJsonAsync<JsonElement>("/api/v1/clients?limit=100");
        Assert.Equal(4, clients.GetProperty("items").EnumerateArray().Count(client => client.GetProperty("client_id").GetString()!.StartsWith("simulation-", StringComparison.Ordinal)));
        await WaitForAsync(() => Retained(console, "homeassistant/sensor/simulation_0000/temperature/config").Count == 1 && Retained(console, "simulation/+/availability").Count == 4);
        Assert.Contains(console.Host.Management.Audit.Find(long.MaxValue, 10, _ => true), entry => entry.Action == "simulation.start");
    }

    [Fact]
    public async Task Start_without_numbers_takes_twenty_devices_for_half_an_hour()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);

        var started = await StartAsync(operate, new { });

        Assert.Equal(20, started.GetProperty("clients").GetInt32());
        Assert.Equal(console.Clock.GetUtcNow() + TimeSpan.FromMinutes(30), started.GetProperty("ends_at").GetDateTimeOffset());
    }

    [Fact]
    public async Task Devices_come_where_others_need_a_password_and_rules_deny_all()
    {
        var services = new BrokerServices { Authenticators = [new Denying()], Authorizers = [new DenyingAll()] };
        await using var console = await TestConsole.StartAsync(services: services);
        using var operate = console.WithKey(Scope.Operate);

        await StartAsync(operate, new { clients = 2 });

        await WaitForAsync(() => Retained(console, "homeassistant/#").Count > 0);
        var stranger = await console.Broker.OpenAsync(Given.Client("simulation-stranger"));
        await stranger.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Second_start_is_refused_while_one_runs()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        await StartAsync(operate, new { clients = 1 });

        using var second = await operate.PostAsJsonAsync(Path, new { clients = 1 });

        await TestConsole.ProblemAsync(second, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task End_removes_clients_retained_messages_and_topics()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        await StartAsync(operate, new { clients = 3 });
        await WaitForAsync(() => Retained(console, "simulation/+/availability").Count == 3);

        using var ended = await operate.DeleteAsync(Path);

        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        Assert.True((await TestConsole.ReadAsync(ended)).GetProperty("retained_removed").GetInt32() >= 3);
        await ExpectNothingLeftAsync(console, operate);
        Assert.Contains(console.Host.Management.Audit.Find(long.MaxValue, 10, _ => true), entry => entry.Action == "simulation.end");
        using var again = await operate.DeleteAsync(Path);
        await TestConsole.ProblemAsync(again, HttpStatusCode.NotFound);
        await StartAsync(operate, new { clients = 1 });
    }

    [Fact]
    public async Task Time_that_is_over_ends_it_and_nothing_is_left()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        await StartAsync(operate, new { clients = 2, minutes = 1 });
        await WaitForAsync(() => Retained(console, "simulation/+/availability").Count == 2);
        var home = console.Host.Management.Simulation.Current!;

        await console.Broker.AdvanceAsync(61);

        await home.StopAsync().WaitAsync(Deadline);
        await ExpectNothingLeftAsync(console, operate);
    }

    [Fact]
    public async Task Stop_of_the_console_ends_it_and_nothing_is_left()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        await StartAsync(operate, new { clients = 2 });
        await WaitForAsync(() => Retained(console, "simulation/+/availability").Count == 2);

        using var end = new CancellationTokenSource(Deadline);
        await console.Host.PrepareStopAsync(end.Token);

        await ExpectNothingLeftAsync(console, operate);
        using var late = await operate.PostAsJsonAsync(Path, new { });
        await TestConsole.ProblemAsync(late, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Retained_messages_expire_should_nobody_remove_them()
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        await StartAsync(operate, new { clients = 1, minutes = 2 });
        await WaitForAsync(() => Retained(console, "simulation/+/availability").Count == 1);

        var message = console.Broker.Broker.Inspector.FindRetained("simulation/+/availability", 1, 0).Single();

        Assert.InRange(message.ExpiresAt!.Value, console.Clock.GetUtcNow() + TimeSpan.FromMinutes(2), console.Clock.GetUtcNow() + TimeSpan.FromMinutes(3.1));
    }

    [Fact]
    public async Task Devices_that_the_broker_does_not_take_are_told_and_none_stays()
    {
        await using var console = await TestConsole.StartAsync(brokerOptions: new BrokerOptions { SysIntervalSeconds = 0, ConnectionsMax = 2 });
        using var operate = console.WithKey(Scope.Operate);

        using var refused = await operate.PostAsJsonAsync(Path, new { clients = 5 });

        Assert.Contains("not started", await TestConsole.ProblemAsync(refused, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        await WaitForAsync(() => console.Host.Management.Simulation.Current is null);
        await ExpectNothingLeftAsync(console, operate);
    }

    [Theory]
    [InlineData("{\"clients\":0}", "clients is 0")]
    [InlineData("{\"clients\":101}", "clients is 101")]
    [InlineData("{\"minutes\":0}", "minutes is 0")]
    [InlineData("{\"minutes\":121}", "minutes is 121")]
    [InlineData("{\"clients\":\"5\"}", "clients")]
    [InlineData("{\"speed\":5}", "speed")]
    [InlineData("[]", "$")]
    [InlineData("", "body")]
    public async Task Start_that_does_not_fit_is_told(string body, string told)
    {
        await using var console = await TestConsole.StartAsync();
        using var operate = console.WithKey(Scope.Operate);
        using var request = TestConsole.Json(HttpMethod.Post, Path, body);

        Assert.Contains(told, await TestConsole.ProblemAsync(await operate.SendAsync(request), HttpStatusCode.BadRequest), StringComparison.OrdinalIgnoreCase);
        Assert.Null(console.Host.Management.Simulation.Current);
    }

    [Fact]
    public async Task Who_may_only_read_sees_it_and_neither_starts_nor_ends_it()
    {
        await using var console = await TestConsole.StartAsync();
        using var read = console.WithKey(Scope.Read);

        await TestConsole.ProblemAsync(await read.PostAsJsonAsync(Path, new { }), HttpStatusCode.Forbidden);
        await TestConsole.ProblemAsync(await read.DeleteAsync(Path), HttpStatusCode.Forbidden);
        Assert.False((await read.GetFromJsonAsync<JsonElement>(Path)).GetProperty("is_running").GetBoolean());
    }

    private static async Task<JsonElement> StartAsync(HttpClient client, object body)
    {
        using var response = await client.PostAsJsonAsync(Path, body);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return await TestConsole.ReadAsync(response);
    }

    private static IReadOnlyList<string> Retained(TestConsole console, string filter) => [.. console.Broker.Broker.Inspector.FindRetained(filter, 1000, 0).Select(message => message.TopicName)];

    private static async Task ExpectNothingLeftAsync(TestConsole console, HttpClient client)
    {
        Assert.Empty(Retained(console, "#"));
        Assert.DoesNotContain(console.Broker.Broker.Topics.List(), topic => topic.Topic.Contains("simulation", StringComparison.Ordinal));
        Assert.False((await client.GetFromJsonAsync<JsonElement>(Path)).GetProperty("is_running").GetBoolean());
        Assert.Empty((await client.GetFromJsonAsync<JsonElement>("/api/v1/clients")).GetProperty("items").EnumerateArray());
    }

    /// <summary>Devices run on threads of their own.</summary>
    private static async Task WaitForAsync(Func<bool> isThere)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!isThere())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class Denying : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(AuthenticationResult.Deny(ReasonCode.NotAuthorized));
    }

    private sealed class DenyingAll : IAuthorizer
    {
        public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => false;

        public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => false;
    }
}
