using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class TopicMatchingTests
{
    [Theory]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "b/x", false)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("+/+", "/x", true)]
    [InlineData("/+", "/x", true)]
    [InlineData("+", "/x", false)]
    [InlineData("#", "/", true)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a//b", "a/b", false)]
    [InlineData("a/b", "a//b", false)]
    [InlineData("a", "A", false)]
    [InlineData("a/", "a", false)]
    [InlineData("/a", "a", false)]
    [InlineData("\u00E9", "e\u0301", false)]
    [InlineData("e\u0301", "\u00E9", false)]
    [InlineData("a", "\uFEFFa", false)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("+/tennis/#", "sport/tennis", true)]
    [Spec("MQTT-3.3.2-3", "MQTT-4.7.3-4", "MQTT-4.7.1-1", "MQTT-4.7.1-2", "3.1.1 MQTT-3.3.2-3", "3.1.1 MQTT-4.7.3-4", "3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3")]
    public async Task Filter_matches_what_the_specification_says(string filter, string topic, bool matches)
    {
        await using var broker = new TestBroker();
        var live = await broker.ConnectAsync(Given.Client("live").Subscribed(filter));

        await live.SendAsync(Given.Publish(topic).Payload("x").Retain());

        if (matches) await live.ExpectAsync(Given.Publish(topic).Payload("x"));
        await live.ExpectNothingAsync();
        var late = await broker.ConnectAsync(Given.Client("late").V311().Subscribed(filter));
        if (matches) await late.ExpectAsync(Given.Publish(topic).Payload("x").Retain());
        await late.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("#", false)]
    [InlineData("+/x", false)]
    [InlineData("+/#", false)]
    [InlineData("$share/g/#", false)]
    [InlineData("$y/x", true)]
    [InlineData("$y/#", true)]
    [InlineData("$y/+", true)]
    [InlineData("$share/g/$y/#", true)]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Filter_with_a_leading_wildcard_does_not_match_dollar_topics(string filter, bool matches)
    {
        await using var broker = new TestBroker();
        var live = await broker.ConnectAsync(Given.Client("live").Subscribed(filter));
        var writer = await broker.ConnectAsync(Given.Client("writer").V311());

        await writer.SendAsync(Given.Publish("$y/x").Payload("x").Retain());

        if (matches) await live.ExpectAsync(Given.Publish("$y/x").Payload("x"));
        await live.ExpectNothingAsync();
        if (filter.StartsWith("$share", StringComparison.Ordinal)) return;

        var late = await broker.ConnectAsync(Given.Client("late").V311().Subscribed(filter));
        if (matches) await late.ExpectAsync(Given.Publish("$y/x").Payload("x").Retain());
        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-1.5.4-3", "3.1.1 MQTT-1.5.3-3")]
    public async Task Byte_order_mark_in_a_topic_is_kept(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("#"));

        await client.SendAsync(Given.Publish([0xEF, 0xBB, 0xBF, 0x61]));

        var delivered = await client.ReadPacketAsync(PacketType.Publish);
        Assert.Equal([0x00, 0x04, 0xEF, 0xBB, 0xBF, 0x61], delivered.Bytes[2..8]);
    }

    [Theory, BothVersions]
    public async Task Messages_reach_each_of_many_subscribers_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var readers = new List<TestPeer>();
        for (var number = 0; number < 100; number++) readers.Add(await broker.ConnectAsync(Given.Client($"r{number}").Version(version).Subscribed(number % 2 == 0 ? "a/+" : "#")));

        await readers[0].SendAsync(Given.Publish("a/b").Payload("x"));

        foreach (var reader in readers)
        {
            await reader.ExpectAsync(Given.Publish("a/b").Payload("x"));
            await reader.ExpectNothingAsync();
        }
    }

    [Fact]
    public async Task Subscription_made_after_a_topic_was_used_is_seen()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/b").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));

        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a/#"));
        await writer.SendAsync(Given.Publish("a/b").Qos1(2));
        await writer.ExpectAsync(Given.Puback(2));
        await reader.ExpectAsync(Given.Publish("a/b"));
        await reader.DisconnectAsync();

        await writer.SendAsync(Given.Publish("a/b").Qos1(3));
        await writer.ExpectAsync(Given.Puback(3, ReasonCode.NoMatchingSubscribers));
    }
}
