using System.Text;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class TopicMatchingTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a", false)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("a/#", "b/a", false)]
    [InlineData("a/b/#", "a", false)]
    [InlineData("/#", "/", true)]
    [InlineData("/#", "/a", true)]
    [InlineData("/#", "a", false)]
    [InlineData("+", "a", true)]
    [InlineData("+", "/a", false)]
    [InlineData("+", "a/b", false)]
    [InlineData("+/+", "/a", true)]
    [InlineData("+/+", "/", true)]
    [InlineData("/+", "/a", true)]
    [InlineData("/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a/+/#", "a/b", true)]
    [InlineData("a/+/#", "a/b/c/d", true)]
    [InlineData("+/b/#", "a/b", true)]
    [InlineData("+/b/#", "a/c", false)]
    [InlineData("a/$x", "a/$x", true)]
    [InlineData("a/#", "a/$x", true)]
    [InlineData("a/+", "a/$x", true)]
    [Spec("MQTT-3.3.2-3", "MQTT-4.7.1-1", "MQTT-4.7.1-2", "3.1.1 MQTT-3.3.2-3", "3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3")]
    public Task Filter_matches_level_by_level(string filter, string topic, bool matches) => CheckAsync(filter, topic, matches);

    [Theory]
    [InlineData("#", "$x", false)]
    [InlineData("#", "$x/y", false)]
    [InlineData("+", "$x", false)]
    [InlineData("+/y", "$x/y", false)]
    [InlineData("+/#", "$x/y", false)]
    [InlineData("$x/#", "$x", true)]
    [InlineData("$x/#", "$x/y", true)]
    [InlineData("$x/+", "$x/y", true)]
    [InlineData("$x/y", "$x/y", true)]
    [InlineData("/+", "/$x", true)]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public Task Wildcard_at_the_beginning_does_not_match_a_dollar(string filter, string topic, bool matches) => CheckAsync(filter, topic, matches);

    [Theory]
    [InlineData("A", "a")]
    [InlineData("a//b", "a/b")]
    [InlineData("a/b", "a//b")]
    [InlineData("/a", "a")]
    [InlineData("a", "a/")]
    [InlineData("a ", "a")]
    [InlineData("\u00E9", "e\u0301")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\uFEFFa", "a")]
    [InlineData("a/./b", "a/b")]
    [InlineData("a%2Fb", "a/b")]
    [Spec("MQTT-4.7.3-4", "MQTT-3.3.2-3", "3.1.1 MQTT-4.7.3-4", "3.1.1 MQTT-3.3.2-3")]
    public async Task Names_that_only_look_alike_do_not_match(string filter, string topic)
    {
        await CheckAsync(filter, topic, matches: false);
        await CheckAsync(filter, filter, matches: true);
        await CheckAsync(topic, topic, matches: true);
    }

    [Theory]
    [InlineData("a#")]
    [InlineData("#/a")]
    [InlineData("a/#/b")]
    [InlineData("##")]
    [InlineData("a/##")]
    [InlineData("a/b#")]
    [Spec("MQTT-4.7.1-1", "3.1.1 MQTT-4.7.1-2")]
    public Task Filter_with_a_misplaced_multi_level_wildcard_is_refused(string filter) => CheckRefusedAsync(filter);

    [Theory]
    [InlineData("a+")]
    [InlineData("+b/c")]
    [InlineData("a/+b")]
    [InlineData("++")]
    [InlineData("a/b+/c")]
    [InlineData("+#")]
    [Spec("MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3")]
    public Task Filter_with_a_single_level_wildcard_in_part_of_a_level_is_refused(string filter) => CheckRefusedAsync(filter);

    [Theory, BothVersions]
    [Spec("MQTT-4.7.3-1", "3.1.1 MQTT-4.7.3-1")]
    public async Task Filter_of_no_characters_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter(""));

        var packet = await client.ReadPacketAsync();
        if (packet.Type == PacketType.Suback) Assert.EndsWith(version == ProtocolVersion.V50 ? "8F" : "80", Convert.ToHexString(packet.Bytes), StringComparison.Ordinal);
        else Assert.Equal(PacketType.Disconnect, packet.Type);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.3-3", "3.1.1 MQTT-4.7.3-3")]
    public async Task Topic_of_65535_bytes_is_delivered_intact(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var longest = new string('a', 65_533) + "é";
        Assert.Equal(65_535, Encoding.UTF8.GetByteCount(longest));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed(longest).Subscribed("#", Qos.AtLeastOnce));

        await client.SendAsync(Given.Publish(longest).Payload("x").Qos1(1));
        await client.ReceiveAsync(1);

        var publish = Assert.Single(client.Received, packet => packet.Type == PacketType.Publish);
        Assert.Equal(longest, publish.TopicName);
        Assert.Equal("x", publish.PayloadText);
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
    [Spec("MQTT-3.3.2-3", "3.1.1 MQTT-3.3.2-3")]
    public async Task Message_goes_only_to_those_whose_filters_match(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Subscribed("a/+"));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Subscribed("b/+"));

        await one.SendAsync(Given.Publish("b/x").Payload("x"), Given.Publish("a/y").Payload("y"));

        await one.ExpectAsync(Given.Publish("a/y").Payload("y"));
        await one.ExpectNothingAsync();
        await two.ExpectAsync(Given.Publish("b/x").Payload("x"));
        await two.ExpectNothingAsync();
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

    // Once live and once as a retained message, in both versions: two ways of matching that must agree.
    private static async Task CheckAsync(string filter, string topic, bool matches)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        foreach (var version in new[] { ProtocolVersion.V311, ProtocolVersion.V50 })
        {
            var reader = await broker.ConnectAsync(Given.Client($"live{version}").Version(version).Subscribed(filter));
            await writer.SendAsync(Given.Publish(topic).Payload("x"));
            if (matches) await reader.ExpectAsync(Given.Publish(topic).Payload("x"));
            await reader.ExpectNothingAsync();
            await reader.DisconnectAsync();
        }

        await writer.SendAsync(Given.Publish(topic).Payload("x").Retain());
        foreach (var version in new[] { ProtocolVersion.V311, ProtocolVersion.V50 })
        {
            var reader = await broker.ConnectAsync(Given.Client($"retained{version}").Version(version).Subscribed(filter));
            if (matches) await reader.ExpectAsync(Given.Publish(topic).Payload("x").Retain());
            await reader.ExpectNothingAsync();
        }
    }

    private static async Task CheckRefusedAsync(string filter)
    {
        await using var broker = new TestBroker();
        foreach (var version in new[] { ProtocolVersion.V311, ProtocolVersion.V50 })
        {
            var client = await broker.ConnectAsync(Given.Client($"c{version}").Version(version));
            await client.SendAsync(Given.Subscribe(1).Filter(filter));
            await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid));
        }
    }
}
