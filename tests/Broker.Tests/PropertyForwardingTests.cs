using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class PropertyForwardingTests
{
    private static PublishBuilder Full => Given.Publish("a").Payload("x").Qos1(1)
        .UserProperty("b", "1")
        .Property(PropertyId.PayloadFormatIndicator, 1)
        .Property(PropertyId.ResponseTopic, "answer/to")
        .UserProperty("a", "2")
        .UserProperty("", "")
        .Property(PropertyId.CorrelationData, [0x00, 0xFF, 0x28])
        .UserProperty("b", "3")
        .Property(PropertyId.ContentType, "application/json")
        .UserProperty("b", "1");

    [Fact]
    [Spec("MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-18", "MQTT-3.3.2-20")]
    public async Task Properties_go_on_unchanged_and_in_order()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Full);

        await reader.ExpectAsync(Full.Qos1());
    }

    [Fact]
    [Spec("MQTT-3.3.2-17", "MQTT-3.3.2-18")]
    public async Task Properties_stay_with_a_queued_message()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Full);

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Full.Qos1());
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectAsync(Full.Qos1().AsDuplicate());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Spec("MQTT-3.3.2-4")]
    public async Task Payload_format_indicator_goes_on(uint value)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a"));
        var publish = Given.Publish("a").Payload("é").Property(PropertyId.PayloadFormatIndicator, value);

        await client.SendAsync(publish);

        await client.ExpectAsync(publish);
    }

    [Theory]
    [InlineData(Qos.AtMostOnce)]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-3.4.2-1", "MQTT-3.5.2-1")]
    public async Task Payload_that_is_not_the_text_its_indicator_says_is_refused(Qos qos)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").Payload([0xC3, 0x28]).WithQos(qos, 1).Property(PropertyId.PayloadFormatIndicator, 1));

        if (qos == Qos.AtLeastOnce) await client.ExpectAsync(Given.Puback(1, ReasonCode.PayloadFormatInvalid));
        if (qos == Qos.ExactlyOnce) await client.ExpectAsync(Given.Pubrec(1, ReasonCode.PayloadFormatInvalid));
        await client.ExpectNothingAsync();
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task Properties_are_not_sent_to_3_1_1_and_not_made_up_for_its_messages()
    {
        await using var broker = new TestBroker();
        var old = await broker.ConnectAsync(Given.Client("old").V311().Subscribed("a", Qos.AtLeastOnce));
        var fresh = await broker.ConnectAsync(Given.Client("fresh").Subscribed("a"));

        await fresh.SendAsync(Full);
        await old.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
        await fresh.ReadPacketAsync();
        await fresh.ReadPacketAsync();
        await old.SendAsync(Given.Publish("a").Payload("y"));

        await fresh.ExpectAsync(Given.Publish("a").Payload("y"));
    }
}
