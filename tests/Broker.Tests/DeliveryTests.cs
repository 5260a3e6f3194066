using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>PUBLISH from the broker to a client: identifiers, DUP, order, and what is sent again.</summary>
public sealed class DeliveryTests
{
    [Theory, BothVersions]
    [Spec("MQTT-2.2.1-4", "MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-4.3.3-1", "MQTT-4.3.3-2", "MQTT-3.3.1-3")]
    [Spec("3.1.1 MQTT-2.3.1-4", "3.1.1 MQTT-2.3.1-1", "3.1.1 MQTT-4.3.2-1", "3.1.1 MQTT-4.3.3-1", "3.1.1 MQTT-3.3.1-3")]
    public async Task Messages_in_flight_have_different_ids_and_no_dup(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        for (ushort id = 1; id <= 20; id++) await writer.SendAsync(Given.Publish("a").Payload($"{id}").WithQos(id % 2 == 0 ? Qos.AtLeastOnce : Qos.ExactlyOnce, id).AsDuplicate());

        var ids = new HashSet<ushort>();
        for (ushort id = 1; id <= 20; id++)
        {
            var delivered = await reader.ExpectAsync(Given.Publish("a").Payload($"{id}").WithQos(id % 2 == 0 ? Qos.AtLeastOnce : Qos.ExactlyOnce));
            Assert.NotEqual(0, delivered.PacketId);
            Assert.True(ids.Add(delivered.PacketId));
        }
    }

    [Fact]
    [Spec("MQTT-2.2.1-4", "3.1.1 MQTT-2.3.1-4")]
    public async Task Ids_go_round_without_0_and_without_those_in_flight()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos1(1));
        var held = (await client.ReadPacketAsync(PacketType.Publish)).PacketId;

        for (var count = 0; count < 66_000; count++)
        {
            // The broker has no identifier left when one is held while all others are used.
            if (count == 65_000) await client.SendAsync(Given.Puback(held));
            await writer.SendAsync(Given.Publish("a").Qos1(1));
            var delivered = await client.ReadPacketAsync(PacketType.Publish);
            if (delivered.PacketId == 0 || (count < 65_000 && delivered.PacketId == held)) Assert.Fail($"Message {count} has the identifier {delivered.PacketId}.");
            await client.SendAsync(Given.Puback(delivered.PacketId));
            await writer.ReadPacketAsync(PacketType.Puback);
        }
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.3.1-1", "MQTT-4.3.2-3", "MQTT-4.4.0-1", "MQTT-4.6.0-1")]
    [Spec("3.1.1 MQTT-3.3.1-1", "3.1.1 MQTT-4.3.2-1", "3.1.1 MQTT-4.4.0-1", "3.1.1 MQTT-4.6.0-1", "3.1.1 MQTT-2.3.1-4")]
    public async Task Messages_not_acknowledged_are_sent_again_in_order_when_the_session_resumes(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos2(2), Given.Publish("a").Payload("3").Qos1(3));
        var one = await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1());
        var two = await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos2());
        var three = await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1());
        await reader.CloseAsync();
        await writer.SendAsync(Given.Publish("a").Payload("4").Qos1(4));

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectAsync(Given.Publish("a").Payload("1").Qos1(one.PacketId).AsDuplicate());
        await reader.ExpectAsync(Given.Publish("a").Payload("2").Qos2(two.PacketId).AsDuplicate());
        await reader.ExpectAsync(Given.Publish("a").Payload("3").Qos1(three.PacketId).AsDuplicate());
        await reader.ExpectAsync(Given.Publish("a").Payload("4").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.4.0-1", "3.1.1 MQTT-4.4.0-1")]
    public async Task Messages_not_acknowledged_are_not_sent_again_while_the_connection_lives(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        await reader.SendAsync(Given.Publish("a").Qos1(1));
        await reader.ReadPacketAsync();
        await reader.ReadPacketAsync();

        await broker.AdvanceAsync(300);

        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.2-3", "3.1.1 MQTT-4.3.2-1")]
    public async Task Message_qos1_acknowledged_is_not_sent_again(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos1(1));
        var delivered = await reader.ReadPacketAsync(PacketType.Publish);
        await reader.SendAsync(Given.Puback(delivered.PacketId));
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-4", "MQTT-3.6.2-1", "MQTT-2.2.1-5", "MQTT-3.6.1-1")]
    [Spec("3.1.1 MQTT-4.3.3-1", "3.1.1 MQTT-2.2.2-1", "3.1.1 MQTT-3.6.1-1", "3.1.1 MQTT-2.3.1-6")]
    public async Task Message_qos2_is_released_and_completed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos2(1));
        var delivered = await reader.ReadPacketAsync(PacketType.Publish);

        await reader.SendAsync(Given.Pubrec(delivered.PacketId));
        var release = await reader.ExpectAsync(Given.Pubrel(delivered.PacketId));
        Assert.Equal(0x62, release.Bytes[0]);
        await reader.SendAsync(Given.Pubcomp(delivered.PacketId));
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-3", "3.1.1 MQTT-4.3.3-1")]
    public async Task Message_qos2_without_pubrec_is_sent_again(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos2(1));
        var delivered = await reader.ReadPacketAsync(PacketType.Publish);
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectAsync(Given.Publish("a").Qos2(delivered.PacketId).AsDuplicate());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1", "3.1.1 MQTT-4.3.3-1", "3.1.1 MQTT-4.4.0-1")]
    public async Task Message_qos2_without_pubcomp_is_released_again_but_not_published(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos2(1));
        var delivered = await reader.ReadPacketAsync(PacketType.Publish);
        await reader.SendAsync(Given.Pubrec(delivered.PacketId));
        await reader.ExpectAsync(Given.Pubrel(delivered.PacketId));
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());

        await reader.ExpectAsync(Given.Pubrel(delivered.PacketId));
        await reader.SendAsync(Given.Pubcomp(delivered.PacketId));
        await reader.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-4.4.0-2", "MQTT-4.3.3-4")]
    public async Task Message_refused_by_the_client_is_settled(Qos qos)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").WithQos(qos, 1));
        var id = (await reader.ReadPacketAsync(PacketType.Publish)).PacketId;

        await reader.SendAsync(qos == Qos.AtLeastOnce ? Given.Puback(id, ReasonCode.QuotaExceeded) : Given.Pubrec(id, ReasonCode.QuotaExceeded));
        await reader.ExpectNothingAsync();
        await reader.CloseAsync();

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent());
        await reader.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.6.2-1")]
    public async Task Acknowledgements_of_unknown_ids_do_no_harm(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Puback(5), Given.Pubcomp(6));
        await client.ExpectNothingAsync();
        await client.SendAsync(Given.Pubrec(7));

        await client.ExpectAsync(Given.Pubrel(7, ReasonCode.PacketIdentifierNotFound));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.6.0-4", "3.1.1 MQTT-4.6.0-4")]
    public async Task Pubrels_come_in_the_order_of_the_pubrecs(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var ids = new ushort[3];
        for (ushort index = 0; index < 3; index++)
        {
            await writer.SendAsync(Given.Publish("a").Qos2((ushort)(index + 1)));
            ids[index] = (await reader.ReadPacketAsync(PacketType.Publish)).PacketId;
        }

        await reader.SendAsync(Given.Pubrec(ids[2]), Given.Pubrec(ids[0]), Given.Pubrec(ids[1]));

        await reader.ExpectAsync(Given.Pubrel(ids[2]), Given.Pubrel(ids[0]), Given.Pubrel(ids[1]));
    }
}
