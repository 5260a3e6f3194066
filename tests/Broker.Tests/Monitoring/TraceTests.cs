using System.Net;
using Avocet.Broker.Tracing;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>Packets as somebody follows them.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task Trace_of_a_client_shows_its_packets_in_both_directions_in_order()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "right")] });
        var trace = broker.Broker.Traces.Start(TraceKind.Client, "c", TimeSpan.FromMinutes(5), withPayloads: false)!;
        var client = await broker.ConnectAsync(Given.Client("c").UserName("u").Password("right").Subscribed("a/+", Qos.AtLeastOnce));
        var other = await broker.ConnectAsync(Given.Client("other").UserName("u").Password("right"));
        await other.SendAsync(Given.Publish("a/b").Payload("secret text").Qos1(7));
        await client.ReceiveAsync(1);
        await client.ReadToPingrespAsync();
        await client.DisconnectAsync();
        await client.Connection;

        var entries = trace.Read();
        Assert.Equal(
            ["> CONNECT", "< CONNACK", "> SUBSCRIBE", "< SUBACK", "< PUBLISH", "> PUBACK", "> PINGREQ", "< PINGRESP", "> DISCONNECT"],
            entries.Where(entry => entry.Packet != "PUBACK" || !entry.IsOut).Select(entry => $"{(entry.IsOut ? "<" : ">")} {entry.Packet}").Distinct());
        Assert.All(entries, entry => Assert.Equal("c", entry.ClientId));
        Assert.Equal("given", entries[0].Detail["password"]);
        Assert.DoesNotContain(entries, entry => entry.Summary.Contains("right", StringComparison.Ordinal) || entry.Detail.Values.Any(value => value.Contains("right", StringComparison.Ordinal) || value.Contains("secret", StringComparison.Ordinal)));
        var publish = entries.First(entry => entry.Packet == "PUBLISH");
        Assert.Equal(("a/b", "11", "1"), (publish.Detail["topic"], publish.Detail["payload_bytes"], publish.Detail["qos"]));
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(number => (long)number), entries.Select(entry => entry.Number));
    }

    [Fact]
    public async Task Trace_of_a_topic_shows_publications_in_and_out_also_behind_aliases_and_mount_points()
    {
        await using var broker = new TestBroker();
        var trace = broker.Broker.Traces.Start(TraceKind.Topic, "m/a/#", TimeSpan.FromMinutes(5), withPayloads: true)!;
        var listener = new ListenerPolicy { Name = "mounted", AllowAnonymous = true, MountPoint = "m/" };
        var reader = await broker.ConnectAsync(Given.Client("reader").TopicAliasMaximum(5).Subscribed("#"), listener);
        var writer = await broker.ConnectAsync(Given.Client("writer"), listener);
        await writer.SendAsync(Given.Publish("a/long/topic").Payload("1").TopicAlias(3));
        for (var i = 2; i <= 3; i++) await writer.SendAsync(Given.Publish("x").WithoutTopic().Payload($"{i}").TopicAlias(3));
        await writer.SendAsync(Given.Publish("b"));
        await reader.ReceiveAsync(4);

        var entries = trace.Read();
        Assert.Equal(6, entries.Count);
        Assert.All(entries, entry => Assert.Equal("a/long/topic", entry.Detail["topic"]));
        Assert.Equal(["1", "1", "2", "2", "3", "3"], entries.Select(entry => entry.Detail["payload"]));
        Assert.Equal(3, entries.Count(entry => entry.IsOut));
    }

    [Fact]
    public async Task Trace_of_an_address_sees_who_comes_from_there()
    {
        await using var broker = new TestBroker();
        var here = broker.Broker.Traces.Start(TraceKind.Address, $"{IPAddress.Loopback}", TimeSpan.FromMinutes(5), false)!;
        var elsewhere = broker.Broker.Traces.Start(TraceKind.Address, "10.0.0.1", TimeSpan.FromMinutes(5), false)!;
        await broker.ConnectAsync(Given.Client("c"));

        Assert.Equal(["CONNECT", "CONNACK"], here.Read().Select(entry => entry.Packet));
        Assert.Empty(elsewhere.Read());
    }

    [Fact]
    public async Task Trace_ends_by_itself_and_stays_until_it_is_removed()
    {
        await using var broker = new TestBroker();
        var trace = broker.Broker.Traces.Start(TraceKind.Client, "c", TimeSpan.FromMinutes(1), false)!;
        var more = trace.WhenAfterAsync(0, CancellationToken.None);
        await broker.AdvanceAsync(61);
        await more.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        await broker.ConnectAsync(Given.Client("c"));
        Assert.False(trace.IsRunning);
        Assert.Null(broker.Broker.Context.Traces.Running);
        Assert.Empty(trace.Read());
        Assert.True(broker.Broker.Traces.Remove(trace.Id));
        Assert.False(broker.Broker.Traces.Remove(trace.Id));
        Assert.Empty(broker.Broker.Traces.List());
    }

    [Fact]
    public async Task Trace_ends_with_its_broker()
    {
        Trace trace;
        Task added;
        await using (var broker = new TestBroker())
        {
            trace = broker.Broker.Traces.Start(TraceKind.Client, "c", TimeSpan.FromMinutes(5), withPayloads: false)!;
            added = trace.WhenAfterAsync(0, TestContext.Current.CancellationToken);
        }

        await added.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.False(trace.IsRunning);
    }

    [Fact]
    public async Task Traces_are_bounded_and_so_are_their_entries()
    {
        await using var broker = new TestBroker();
        for (var i = 0; i < BrokerTraces.TracesMax; i++) Assert.NotNull(broker.Broker.Traces.Start(TraceKind.Topic, "#", TimeSpan.FromMinutes(1), true));

        Assert.Null(broker.Broker.Traces.Start(TraceKind.Topic, "#", TimeSpan.FromMinutes(1), true));
        var trace = broker.Broker.Traces.List()[0];
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 1100; i++) await writer.SendAsync(Given.Publish("t"));
        Assert.Equal((1000, 100), (trace.Last, trace.Skipped));

        var large = new string('x', 20_000);
        for (var i = 0; i < 30; i++)
        {
            await broker.AdvanceAsync(1);
            for (var j = 0; j < 400; j++) await writer.SendAsync(Given.Publish("t").Payload(large));
        }

        var entries = trace.Read();
        Assert.InRange(entries.Count, 100, Trace.EntriesMax);
        Assert.Equal(trace.Last, entries[^1].Number);
        Assert.True(entries.Sum(entry => (long)entry.Detail["payload"].Length) <= 8 * 1024 * 1024, "payloads are cut, and all together are bounded");
        await broker.AdvanceAsync(61);
        Assert.NotNull(broker.Broker.Traces.Start(TraceKind.Topic, "#", TimeSpan.FromMinutes(1), true));
    }

    [Theory]
    [InlineData(TraceKind.Topic, "a#")]
    [InlineData(TraceKind.Address, "here")]
    [InlineData(TraceKind.Client, "")]
    public void What_cannot_be_followed_is_told(TraceKind kind, string value) => Assert.NotNull(BrokerTraces.FindProblem(kind, value));
}
