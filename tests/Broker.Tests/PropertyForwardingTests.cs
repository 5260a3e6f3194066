using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Properties of a PUBLISH on their way to subscribers of either version.</summary>
public sealed class PropertyForwardingTests
{
    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [Spec("MQTT-3.3.2-4")]
    public Task Payload_format_indicator_is_unchanged(uint indicator)
    {
        return CheckAsync(Given.Publish("a").Payload("text").Property(PropertyId.PayloadFormatIndicator, indicator));
    }

    [Fact, Spec("MQTT-3.3.2-15")]
    public Task Response_topic_is_unchanged() => CheckAsync(Given.Publish("a").Payload("text").Property(PropertyId.ResponseTopic, "answers//to/é/$me"));

    [Fact, Spec("MQTT-3.3.2-16")]
    public Task Correlation_data_is_unchanged() => CheckAsync(Given.Publish("a").Payload("text").Property(PropertyId.CorrelationData, [0x00, 0xFF, 0xC3, 0x28, 0x00]));

    [Fact, Spec("MQTT-3.3.2-16")]
    public Task Correlation_data_of_no_bytes_is_kept() => CheckAsync(Given.Publish("a").Payload("text").Property(PropertyId.CorrelationData, []));

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("")]
    [InlineData("déjà vu")]
    [Spec("MQTT-3.3.2-20")]
    public Task Content_type_is_unchanged(string contentType) => CheckAsync(Given.Publish("a").Payload("text").Property(PropertyId.ContentType, contentType));

    [Fact, Spec("MQTT-3.3.2-17", "MQTT-3.3.2-18")]
    public Task User_properties_are_unchanged_and_in_order()
    {
        return CheckAsync(Given.Publish("a").Payload("text")
            .UserProperty("b", "1").UserProperty("a", "2").UserProperty("b", "3").UserProperty("b", "1")
            .UserProperty("", "").UserProperty("only name", "").UserProperty("", "only value").UserProperty("é", new string('v', 5000)));
    }

    [Fact, Spec("MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-18", "MQTT-3.3.2-20")]
    public Task All_properties_together_are_unchanged_and_in_order() => CheckAsync(WithAllProperties(Given.Publish("a").Payload("text")));

    [Fact]
    public async Task Topic_alias_and_expiry_between_other_properties_leave_those_alone()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));

        await client.SendAsync(
            Given.Publish("a").UserProperty("1", "").TopicAlias(1).UserProperty("2", "").MessageExpiry(60).Property(PropertyId.ContentType, "t").UserProperty("3", ""));

        await client.ExpectAsync(
            Given.Publish("a").MessageExpiry(60).UserProperty("1", "").UserProperty("2", "").Property(PropertyId.ContentType, "t").UserProperty("3", ""));
    }

    [Fact]
    public async Task Properties_of_a_thousand_pairs_are_forwarded()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));
        var publish = Given.Publish("a");
        for (var number = 0; number < 1000; number++) publish = publish.UserProperty($"name{number % 10}", $"value{number}");

        await client.SendAsync(publish);

        await client.ExpectAsync(publish);
    }

    [Fact, Spec("MQTT-3.4.2-1", "MQTT-3.5.2-1")]
    public async Task Payload_that_is_not_utf8_although_said_so_is_refused()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));
        var text = Given.Publish("a").Property(PropertyId.PayloadFormatIndicator, 1).Payload([0xC3, 0x28]);
        var bytes = Given.Publish("a").Property(PropertyId.PayloadFormatIndicator, 0).Payload([0xC3, 0x28]);

        await client.SendAsync(text, text.Qos1(1), text.Qos2(2), bytes.Qos1(3));

        await client.ExpectAsync(Given.Puback(1, ReasonCode.PayloadFormatInvalid), Given.Pubrec(2, ReasonCode.PayloadFormatInvalid));
        var packets = await client.ReadToPingrespAsync();
        Assert.Equal([0xC3, 0x28], Assert.Single(packets, packet => packet.Type == PacketType.Publish).Payload);
    }

    [Theory]
    [InlineData("a/#")]
    [InlineData("+")]
    [Spec("MQTT-3.3.2-14")]
    public async Task Response_topic_with_a_wildcard_is_refused(string topic)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").Property(PropertyId.ResponseTopic, topic));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError, ReasonCode.MalformedPacket, ReasonCode.TopicNameInvalid);
        await watcher.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(Qos.AtMostOnce)]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Message_of_a_5_0_client_reaches_a_3_1_1_client_without_properties(Qos qos)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var reader = await broker.ConnectAsync(Given.Client("reader").V311().Persistent().Subscribed("a", qos));
        var publish = WithAllProperties(Given.Publish("a").Payload("text").MessageExpiry(100).TopicAlias(1)).WithQos(qos, 1);

        await writer.SendAsync(publish);
        await reader.ExpectAsync(Given.Publish("a").Payload("text").WithQos(qos));
        await reader.CloseAsync();

        // Queued and sent again too; a resent message comes first.
        reader = await broker.ConnectAsync(Given.Client("reader").V311().Persistent());
        if (qos != Qos.AtMostOnce) await reader.ExpectAsync(Given.Publish("a").Payload("text").WithQos(qos).AsDuplicate());
        await reader.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(Qos.AtMostOnce)]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Message_of_a_3_1_1_client_reaches_a_5_0_client_without_properties(Qos qos)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", qos));
        var writer = await broker.ConnectAsync(Given.Client("writer").V311());

        await writer.SendAsync(Given.Publish("a").Payload("text").WithQos(qos, 1));

        var publish = await reader.ExpectAsync(Given.Publish("a").Payload("text").WithQos(qos));
        Assert.Empty(publish.Properties);
    }

    [Fact]
    public async Task Message_queued_for_a_3_1_1_client_keeps_its_properties_for_a_5_0_one()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").V311().Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var publish = WithAllProperties(Given.Publish("a").Payload("text"));
        await writer.SendAsync(publish.Qos1(1));

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());

        await reader.ExpectAsync(publish.Qos1());
    }

    private static PublishBuilder WithAllProperties(PublishBuilder publish)
    {
        return publish
            .UserProperty("first", "1")
            .Property(PropertyId.ContentType, "text/plain")
            .Property(PropertyId.CorrelationData, [1, 0, 2])
            .UserProperty("b", "2")
            .Property(PropertyId.ResponseTopic, "r/x")
            .Property(PropertyId.PayloadFormatIndicator, 1)
            .UserProperty("a", "3");
    }

    /// <summary>Sends a message on at each QoS, live, queued and again, and as a retained one.</summary>
    private static async Task CheckAsync(PublishBuilder publish)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var live = await broker.ConnectAsync(Given.Client("live").Subscribed("a", Qos.ExactlyOnce));
        var queued = await broker.ConnectAsync(Given.Client("queued").Persistent().Subscribed("a", Qos.ExactlyOnce));
        await queued.CloseAsync();

        await writer.SendAsync(publish, publish.Qos1(1), publish.Qos2(2), publish.Qos1(3).Retain());

        await live.ExpectAsync(publish, publish.Qos1(), publish.Qos2(), publish.Qos1());
        queued = await broker.ConnectAsync(Given.Client("queued").Persistent());
        await queued.ExpectAsync(publish.Qos1(), publish.Qos2(), publish.Qos1());
        await queued.CloseAsync();
        queued = await broker.ConnectAsync(Given.Client("queued").Persistent());
        await queued.ExpectAsync(publish.Qos1().AsDuplicate(), publish.Qos2().AsDuplicate(), publish.Qos1().AsDuplicate());
        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("a", Qos.ExactlyOnce));
        await late.ExpectAsync(publish.Qos1().Retain());
    }
}
