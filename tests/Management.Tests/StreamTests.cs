using System.Diagnostics;
using System.Net;
using Avocet.Management.Access;
using Avocet.Management.Streams;
using Avocet.Management.Tests.Support;
using Avocet.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>The stream of the overview and of events.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Stream_tells_the_overview_every_second_and_each_event()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        await using var stream = await EventReader.OpenAsync(reader, "/api/v1/stream");

        Assert.Equal(0, (await stream.ReadAsync("overview")).Data.GetProperty("clients_connected").GetInt32());
        await console.Broker.ConnectAsync(Given.Client("c"));
        var (id, told) = await stream.ReadAsync("event");
        Assert.Equal(("connected", "c"), (told.GetProperty("kind").GetString(), told.GetProperty("client_id").GetString()));
        Assert.Equal(told.GetProperty("number").GetInt64().ToString(), id);

        console.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await stream.ReadAsync("overview")).Data.GetProperty("clients_connected").GetInt32());
    }

    [Fact]
    public async Task Stream_goes_on_behind_the_last_event_that_was_seen()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        foreach (var name in (string[])["a", "b", "c"]) await console.Broker.ConnectAsync(Given.Client(name));

        await using var stream = await EventReader.OpenAsync(reader, "/api/v1/stream", lastEventId: "1");
        Assert.Equal(("2", "b"), ((await stream.ReadAsync("event")) is var (id, data) ? id : null, data.GetProperty("client_id").GetString()));

        // The broker was started anew, and counts from 1 again.
        await using var after = await EventReader.OpenAsync(reader, "/api/v1/stream", lastEventId: "1000");
        Assert.Equal("1", (await after.ReadAsync("event")).Id);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/stream");
        request.Headers.Add("Last-Event-ID", "x");
        await TestConsole.ProblemAsync(await reader.SendAsync(request), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Overview_is_read_only_while_somebody_listens()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        Assert.False(console.Host.Management.Overview.IsRunning);

        var stream = await EventReader.OpenAsync(reader, "/api/v1/stream");
        await stream.ReadAsync("overview");
        Assert.True(console.Host.Management.Overview.IsRunning);

        await stream.DisposeAsync();
        await UntilAsync(() => !console.Host.Management.Overview.IsRunning && console.Host.Management.Streams.Count == 0);
    }

    [Fact]
    public async Task Streams_take_no_place_of_requests_and_are_bounded()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        var streams = new List<EventReader>();
        for (var i = 0; i < ManagementLimits.StreamsMax; i++)
        {
            streams.Add(await EventReader.OpenAsync(reader, "/api/v1/stream"));
            await streams[i].ReadAsync("overview");
        }

        Assert.Contains("32 streams", await TestConsole.ProblemAsync(await reader.GetAsync("/api/v1/stream"), HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/api/v1/overview")).StatusCode);
        await streams[0].DisposeAsync();
        await UntilAsync(() => console.Host.Management.Streams.Count < ManagementLimits.StreamsMax);
        await using var another = await EventReader.OpenAsync(reader, "/api/v1/stream");
        foreach (var stream in streams.Skip(1)) await stream.DisposeAsync();
    }

    [Fact]
    public async Task Stream_that_never_begins_gives_its_place_back()
    {
        TestConsole? console = null;
        var places = new List<int>();
        // As for a caller that goes between the answer being made and its first event.
        await using var owner = console = await TestConsole.StartAsync(addEndpoints: app => app.MapGet("/lost", (HttpContext context) =>
        {
            console!.Host.Management.Streams.Open(context, _ => throw new InvalidOperationException("It never begins."));
            places.Add(console.Host.Management.Streams.Count);
            return TypedResults.Ok();
        }).IsOpen());

        for (var i = 0; i <= ManagementLimits.StreamsMax; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await console.Anonymous.GetAsync("/lost")).StatusCode);
            await UntilAsync(() => console.Host.Management.Streams.Count == 0);
        }

        Assert.All(places, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task Stream_outlives_the_time_of_a_request_and_ends_with_its_key()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        await using var stream = await EventReader.OpenAsync(reader, "/api/v1/stream");
        await stream.ReadAsync("overview");

        console.Clock.Advance(ManagementLimits.RequestTimeMax * 2);
        await stream.ReadAsync("overview");

        console.Accounts.Edit(document => document with { Keys = [] });
        console.Clock.Advance(StreamGate.CheckPeriod);
        await stream.ReadToEndAsync();
    }

    [Fact]
    public async Task Stream_ends_when_the_host_stops()
    {
        await using var console = await TestConsole.StartAsync();
        using var reader = console.WithKey(Scope.Read);
        await using var stream = await EventReader.OpenAsync(reader, "/api/v1/stream");
        await stream.ReadAsync("overview");

        var stopping = console.Host.StopAsync(CancellationToken.None);

        await stream.ReadToEndAsync();
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(20), "It did not come about within 20 s.");
            await Task.Yield();
        }
    }
}
