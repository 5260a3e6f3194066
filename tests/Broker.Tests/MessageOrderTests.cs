using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class MessageOrderTests
{
    private const int Count = 1000;

    [Theory, BothVersions]
    [Spec("MQTT-4.6.0-5", "MQTT-4.6.0-6", "3.1.1 MQTT-4.6.0-5", "3.1.1 MQTT-4.6.0-6")]
    public async Task Messages_of_each_qos_arrive_in_order(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        foreach (var published in Enum.GetValues<Qos>())
        {
            var readers = new List<TestPeer>();
            foreach (var granted in Enum.GetValues<Qos>()) readers.Add(await broker.ConnectAsync(Given.Client($"{granted}").Version(version).Subscribed("a/#", granted)));
            var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

            await PublishAsync(writer, published);

            foreach (var reader in readers) AssertInOrder(await reader.ReceiveAsync(Count));
            foreach (var reader in readers) await reader.CloseAsync();
            await writer.CloseAsync();
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.V311, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V311, Qos.ExactlyOnce)]
    [InlineData(ProtocolVersion.V50, Qos.AtLeastOnce)]
    [InlineData(ProtocolVersion.V50, Qos.ExactlyOnce)]
    [Spec("MQTT-4.5.0-1", "MQTT-4.6.0-5", "MQTT-4.6.0-6", "3.1.1 MQTT-4.5.0-1", "3.1.1 MQTT-4.6.0-5", "3.1.1 MQTT-4.6.0-6")]
    public async Task Messages_arrive_in_order_over_an_interruption(ProtocolVersion version, Qos qos)
    {
        await using var broker = new TestBroker(new BrokerOptions { InflightMax = 20 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent().Subscribed("a/#", qos));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await PublishAsync(writer, qos);
        var received = new List<PacketView>(await reader.ReceiveAsync(100));
        await reader.CloseAsync();
        reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Persistent());
        received.AddRange(await reader.ReceiveAsync(Count - 100));

        // Those of QoS 1 in flight at the break may come twice, but these were all acknowledged.
        AssertInOrder(received);
        Assert.DoesNotContain(await reader.ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.5.0-1", "3.1.1 MQTT-4.5.0-1")]
    public async Task Message_reaches_every_session_with_a_matching_subscription(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var offline = await broker.ConnectAsync(Given.Client("offline").Version(version).Persistent().Subscribed("+/b", Qos.AtLeastOnce));
        await offline.CloseAsync();
        var readers = new List<TestPeer>();
        foreach (var filter in new[] { "a/b", "a/+", "+/+", "#", "a/#", "a/b/#" })
        {
            for (var number = 0; number < 20; number++)
            {
                readers.Add(await broker.ConnectAsync(Given.Client($"{filter} {number}").Version(version).Subscribed(filter, Qos.AtLeastOnce)));
            }
        }

        await readers[0].SendAsync(Given.Publish("a/b").Payload("x").Qos1(1));

        readers.Add(await broker.ConnectAsync(Given.Client("offline").Version(version).Persistent()));
        foreach (var reader in readers.Skip(1))
        {
            await reader.ExpectAsync(Given.Publish("a/b").Payload("x").Qos1());
            await reader.ExpectNothingAsync();
        }

        Assert.Single(await readers[0].ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
    }

    [Fact, Spec("MQTT-4.6.0-5", "MQTT-4.6.0-6")]
    public async Task Messages_of_two_publishers_each_stay_in_order()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writers = new[] { await broker.ConnectAsync(Given.Client("0")), await broker.ConnectAsync(Given.Client("1")) };

        for (var number = 0; number < Count; number++) await writers[number % 2].SendAsync(Given.Publish("a").Payload($"{number}").Qos1(1));

        AssertInOrder(await reader.ReceiveAsync(Count));
    }

    private static async Task PublishAsync(TestPeer writer, Qos qos)
    {
        for (var number = 0; number < Count; number += 10)
        {
            var publishes = Enumerable.Range(number, 10).Select(n => Given.Publish("a/b").Payload($"{n}").WithQos(qos, (ushort)(n + 1)));
            await writer.SendAsync([.. publishes]);
        }

        // The exchanges of QoS 2 are ended, so that the same identifiers can be used again.
        foreach (var answer in await writer.ReadToPingrespAsync())
        {
            if (answer.Type == PacketType.Pubrec) await writer.SendAsync(Given.Pubrel(answer.PacketId));
        }
    }

    private static void AssertInOrder(IReadOnlyList<PacketView> received)
    {
        Assert.Equal(Enumerable.Range(0, Count).Select(number => $"{number}"), received.Select(packet => packet.PayloadText));
    }
}
