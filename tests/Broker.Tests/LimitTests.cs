using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class LimitTests
{
    private const int PacketSizeMax = 2000;

    private static BrokerOptions Narrow => new() { SysIntervalSeconds = 0, PacketSizeMax = PacketSizeMax, ReceiveMaximum = 2, TopicLevelsMax = 5 };

    [Theory, BothVersions]
    [Spec("MQTT-3.2.2-15")]
    public async Task Packet_of_exactly_the_maximum_size_is_accepted(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a"));
        var publish = OfSize(PacketSizeMax, version);

        await client.SendAsync(publish);

        await client.ExpectAsync(publish);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.2.2-15", "3.1.1 MQTT-4.8.0-1")]
    public async Task Packet_above_the_maximum_size_is_disconnected(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(OfSize(PacketSizeMax + 1, version));

        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
        await watcher.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Packet_that_announces_too_much_is_disconnected_before_it_has_come(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync("30 FF FF FF 7F");

        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact]
    public async Task Connect_that_announces_too_much_is_refused_before_it_has_come()
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.OpenAsync();

        await client.SendAsync("10 FF FF FF 7F 00 04 4D 51 54 54 05");

        var answer = await client.ReadToEndAsync();
        Assert.True(answer.Length == 0 || answer[3] == (byte)ReasonCode.PacketTooLarge, HexText.Dump(answer));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.4-7")]
    public async Task Publishes_above_receive_maximum_are_disconnected(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Publish("a").Qos2(1), Given.Publish("a").Qos2(2));
        await client.ExpectAsync(Given.Pubrec(1, ReasonCode.NoMatchingSubscribers), Given.Pubrec(2, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Publish("a").Qos2(3));

        if (version == ProtocolVersion.V50) await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
        else await client.ExpectAsync(Given.Pubrec(3));
    }

    [Fact, Spec("MQTT-3.3.4-7")]
    public async Task Publishes_within_receive_maximum_go_on_after_pubcomp()
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a").Qos2(1), Given.Publish("a").Qos2(2));
        await client.ExpectAsync(Given.Pubrec(1, ReasonCode.NoMatchingSubscribers), Given.Pubrec(2, ReasonCode.NoMatchingSubscribers));

        await client.SendAsync(Given.Pubrel(1));
        await client.ExpectAsync(Given.Pubcomp(1));
        await client.SendAsync(Given.Publish("a").Qos2(3));

        await client.ExpectAsync(Given.Pubrec(3, ReasonCode.NoMatchingSubscribers));
    }

    [Theory, BothVersions]
    public async Task Topic_with_too_many_levels_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("#"));

        await client.SendAsync(Given.Publish("1/2/3/4/5").Payload("x"));
        await client.ExpectAsync(Given.Publish("1/2/3/4/5").Payload("x"));
        await client.SendAsync(Given.Publish("1/2/3/4/5/6").Payload("x").Qos1(1));

        if (version == ProtocolVersion.V50) await client.ExpectAsync(Given.Puback(1, ReasonCode.TopicNameInvalid));
        else await client.ExpectCloseAsync();
    }

    [Theory, BothVersions]
    public async Task Filter_with_too_many_levels_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Narrow);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Subscribe(1).Filter("1/2/3/4/5/6").Filter("1/2/3/4/5"));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid, ReasonCode.Success));
    }

    private static PublishBuilder OfSize(int size, ProtocolVersion version)
    {
        var empty = Given.Publish("a").Payload(new byte[1000]).Encode(version).Length - 1000;
        return Given.Publish("a").Payload(new string('x', size - empty));
    }
}
