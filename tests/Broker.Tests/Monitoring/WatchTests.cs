using System.Text;
using Avocet.Broker.Watching;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>Whoever looks at messages as they are routed.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Messages_that_match_are_seen_in_their_order_with_their_properties()
    {
        await using var broker = new TestBroker();
        using var watch = broker.Broker.Watch("a/+", 10);
        var client = await broker.ConnectAsync(Given.Client("c"));
        var any = watch.WhenAnyAsync(CancellationToken.None);

        await client.SendAsync(Given.Publish("a/1").Payload("x"), Given.Publish("b/1"), Given.Publish("a/2").Payload("y").Retain());

        await any.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var seen = watch.Take(10, out var skipped);
        Assert.Equal([("a/1", "x", false), ("a/2", "y", true)], seen.Select(message => (message.TopicName, Encoding.UTF8.GetString(message.Payload.Span), message.Retain)));
        Assert.All(seen, message => Assert.Equal(("c", broker.Clock.GetUtcNow()), (message.PublisherId, message.At)));
        Assert.Equal(0, skipped);
        any = watch.WhenAnyAsync(CancellationToken.None);
        Assert.False(any.IsCompleted);
        await client.SendAsync(Given.Publish("a/3"));
        await any.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Of_more_than_are_taken_the_newest_of_each_topic_is_kept()
    {
        await using var broker = new TestBroker();
        using var watch = broker.Broker.Watch("#", 2);
        var client = await broker.ConnectAsync(Given.Client("c"));
        for (var i = 1; i <= 9; i++) await client.SendAsync(Given.Publish(i % 2 == 0 ? "even" : "odd").Payload($"{i}"));

        var seen = watch.Take(100, out var skipped);

        Assert.Equal(["1", "2", "9", "8"], seen.Select(message => Encoding.UTF8.GetString(message.Payload.Span)));
        Assert.Equal(5, skipped);
    }

    [Fact]
    public async Task What_waits_is_bounded_in_topics_and_bytes_and_long_payloads_are_cut()
    {
        await using var broker = new TestBroker();
        using var watch = broker.Broker.Watch("#", 1);
        var client = await broker.ConnectAsync(Given.Client("c"));
        var large = new string('x', 100_000);
        for (var i = 0; i < 50; i++) await client.SendAsync(Given.Publish($"large/{i}").Payload(large));

        var seen = watch.Take(100, out var skipped);
        Assert.InRange(seen.Count, 30, 32);
        Assert.Equal(50 - seen.Count, skipped);
        Assert.All(seen, message => Assert.Equal((MessageWatch.PayloadBytesMax, 100_000), (message.Payload.Length, message.PayloadSize)));

        for (var i = 0; i < 1200; i++) await client.SendAsync(Given.Publish($"small/{i}"));
        Assert.Equal(1001, watch.Take(2000, out skipped).Count);
        Assert.Equal(199, skipped);
    }

    [Fact]
    public async Task Watch_that_is_over_sees_nothing()
    {
        await using var broker = new TestBroker();
        var watch = broker.Broker.Watch("#", 10);
        watch.Dispose();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a"));

        Assert.Empty(watch.Take(10, out _));
        Assert.Throws<ArgumentException>(() => broker.Broker.Watch("a#", 1));
    }
}
