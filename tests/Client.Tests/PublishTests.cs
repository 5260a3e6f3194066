using System.Globalization;
using Avocet.Client.Tests.Protocol;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Client.Tests;

public sealed class PublishTests
{
    [Theory]
    [InlineData(ProtocolVersion.V50, Qos.AtMostOnce)]
    [InlineData(ProtocolVersion.V50, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V50, Qos.ExactlyOnce)]
    [InlineData(ProtocolVersion.V311, Qos.AtMostOnce)]
    [InlineData(ProtocolVersion.V311, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V311, Qos.ExactlyOnce)]
    public async Task Publish_reaches_a_subscriber_in_order(ProtocolVersion version, Qos qos)
    {
        const int Count = 500;
        await using var broker = new BrokerHost();
        await using var reader = await broker.ConnectAsync("reader", o => o.ProtocolVersion = version);
        await using var writer = await broker.ConnectAsync("writer", o => o.ProtocolVersion = version);
        await using var subscription = await reader.OpenSubscriptionAsync("home/+/temperature", new SubscribeOptions { Qos = qos });

        for (var i = 0; i < Count; i++) await writer.PublishAsync($"home/{i % 7}/temperature", i.ToString(CultureInfo.InvariantCulture), qos);

        var messages = await subscription.ReadAllAsync().TakeAsync(Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => i.ToString(CultureInfo.InvariantCulture)), messages.Select(message => message.Text));
        Assert.All(messages, message => Assert.Equal(qos, message.Qos));
        Assert.Equal("home/0/temperature", messages[0].Topic);
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Publish_many_at_once_waits_instead_of_failing(Qos qos)
    {
        const int Count = 5000;
        await using var broker = new BrokerHost();
        await using var reader = await broker.ConnectAsync("reader");
        await using var writer = await broker.ConnectAsync("writer", o => o.Outbox = Outbox.InMemory(messagesMax: 100));
        await using var subscription = await reader.OpenSubscriptionAsync("a", new SubscribeOptions { Qos = qos });

        var all = Enumerable.Range(0, Count).Select(i => writer.PublishAsync("a", i.ToString(CultureInfo.InvariantCulture), qos).AsTask());
        await Task.WhenAll(all).WaitAsync(Wait.Deadline);

        var messages = await subscription.ReadAllAsync().TakeAsync(Count);
        Assert.Equal(Enumerable.Range(0, Count), messages.Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Publish_without_subscriber_tells_so()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");

        var result = await client.PublishAsync("nobody/listens", "x", Qos.AtLeastOnce);

        Assert.Equal(ReasonCode.NoMatchingSubscribers, result.Reason);
    }

    [Fact]
    public async Task Publish_carries_all_properties()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");
        await using var subscription = await client.OpenSubscriptionAsync("a");
        var message = new MqttMessage("a", "text")
        {
            Qos = Qos.AtLeastOnce,
            ContentType = "text/plain",
            IsUtf8 = true,
            ResponseTopic = "answers",
            CorrelationData = new byte[] { 1, 2, 3 },
            MessageExpiry = TimeSpan.FromSeconds(100),
            UserProperties = [new("a", "1"), new("a", "2")],
        };

        await client.PublishAsync(message);

        var received = Assert.Single(await subscription.ReadAllAsync().TakeAsync(1));
        Assert.Equal("text/plain", received.ContentType);
        Assert.True(received.IsUtf8);
        Assert.Equal("answers", received.ResponseTopic);
        Assert.Equal([1, 2, 3], received.CorrelationData!.Value.ToArray());
        Assert.InRange(received.MessageExpiry!.Value.TotalSeconds, 1, 100);
        Assert.Equal(message.UserProperties, received.UserProperties);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/+/b")]
    [InlineData("a/#")]
    [InlineData("a\0b")]
    public async Task Publish_to_an_impossible_topic_fails_at_once(string topic)
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");

        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await client.PublishAsync(topic, "x"));
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(5, 2)]
    public async Task Publish_keeps_to_what_may_be_in_flight(int inFlightMax, int receiveMaximum)
    {
        await using var server = new ScriptedServer(o => o.InFlightMax = inFlightMax);
        var peer = await server.StartAsync(connack => connack.Property(PropertyId.ReceiveMaximum, (uint)receiveMaximum));

        var publishing = Enumerable.Range(0, 3).Select(i => server.Client.PublishAsync("a", $"{i}", Qos.AtLeastOnce).AsTask()).ToList();

        var first = await peer.ReadPacketAsync(PacketType.Publish);
        await peer.ReadPacketAsync(PacketType.Publish);
        // The third would come before what is sent now.
        await ReceivingTests.SubscribeAsync(server, peer, "b", new SubscribeOptions { Qos = Qos.AtMostOnce });
        await peer.SendAsync(Given.Puback(first.PacketId));
        await peer.ReadPacketAsync(PacketType.Publish);
        await publishing[0].WaitAsync(Wait.Deadline);
    }
}
