using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Receive Maximum of the client.</summary>
public sealed class FlowControlTests
{
    [Fact, Spec("MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2")]
    public async Task Messages_qos1_wait_for_pubacks_at_receive_maximum()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(2).Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 5, Qos.AtLeastOnce);

        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());
        var two = await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Puback(two.PacketId));
        await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1());
        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Puback(one.PacketId));
        await reader.ExpectAsync(Given.Publish("a").Payload("4").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.9.0-2", "MQTT-3.3.4-9")]
    public async Task Messages_qos2_wait_for_pubcomps_at_receive_maximum()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("a", Qos.ExactlyOnce));
        await PublishAsync(broker, 3, Qos.ExactlyOnce);
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos2());

        await reader.SendAsync(Given.Pubrec(one.PacketId));
        await reader.ExpectAsync(Given.Pubrel(one.PacketId));
        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Pubcomp(one.PacketId));

        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos2());
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.9.0-2")]
    public async Task Pubrec_with_an_error_frees_the_quota()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("a", Qos.ExactlyOnce));
        await PublishAsync(broker, 2, Qos.ExactlyOnce);
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos2());

        await reader.SendAsync(Given.Pubrec(one.PacketId, ReasonCode.UnspecifiedError));

        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos2());
    }

    [Fact, Spec("MQTT-3.3.4-10", "MQTT-4.9.0-3")]
    public async Task Other_packets_do_not_wait_for_the_quota()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 3, Qos.AtLeastOnce);
        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());

        await reader.SendAsync(Given.Subscribe(1).Filter("b"));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await reader.SendAsync(Given.Publish("b").Payload("own").Qos1(2));
        await ExpectInAnyOrderAsync(reader, Given.Puback(2), Given.Publish("b").Payload("own"));
        await reader.SendAsync(Given.Unsubscribe(3).Filter("b"));
        await reader.ExpectAsync(Given.Unsuback(3, ReasonCode.Success));
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.4-9")]
    public async Task Message_qos0_is_not_counted()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").ReceiveMaximum(1).Subscribed("#", Qos.AtLeastOnce));
        await PublishAsync(broker, 1, Qos.AtLeastOnce);
        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());

        await reader.SendAsync(Given.Publish("b").Payload("x"));

        await reader.ExpectAsync(Given.Publish("b").Payload("x"));
    }

    [Fact, Spec("MQTT-3.3.4-9", "MQTT-4.4.0-1")]
    public async Task Messages_sent_again_count_on_the_new_connection()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().ReceiveMaximum(3).Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 4, Qos.AtLeastOnce);
        for (var number = 1; number <= 3; number++) await reader.ExpectAsync(Given.Publish("a").Payload($"{number}").Qos1());
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent().ReceiveMaximum(1));

        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1().AsDuplicate());
        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Puback(one.PacketId));
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1().AsDuplicate());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.9.0-1")]
    public async Task Messages_in_flight_keep_to_the_limit_of_the_broker(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, InflightMax = 2 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 3, Qos.AtLeastOnce);

        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos1());
        await reader.ExpectNothingAsync();
        await reader.SendAsync(Given.Puback(one.PacketId));
        await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1());
    }

    private static async Task PublishAsync(TestBroker broker, int count, Qos qos)
    {
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort number = 1; number <= count; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}").WithQos(qos, number));
    }

    private static async Task ExpectInAnyOrderAsync(TestPeer peer, PacketBuilder one, PacketBuilder two)
    {
        var packets = new[] { await peer.ReadPacketAsync(), await peer.ReadPacketAsync() };
        var came = packets.Select(packet => Convert.ToHexString(packet.Bytes)).Order();
        Assert.Equal(((byte[][])[one.Encode(peer.Version), two.Encode(peer.Version)]).Select(Convert.ToHexString).Order(), came);
    }
}
