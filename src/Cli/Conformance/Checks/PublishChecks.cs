using System.Text;
using Avocet.Protocol;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>PUBLISH and its acknowledgements, at all three QoS.</summary>
internal static class PublishChecks
{
    private const int Many = 20;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("publish-qos-0", "A QoS 0 message arrives with QoS 0, DUP 0 and no identifier", ["MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.2.1-2"],
            ["MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.3.1-5"], Qos0Async),
        new("publish-qos-1", "A QoS 1 message is answered by PUBACK and arrives", ["MQTT-4.3.2-4", "MQTT-2.2.1-5", "MQTT-3.3.4-1", "MQTT-3.4.2-1"],
            ["MQTT-4.3.2-2", "MQTT-2.3.1-6", "MQTT-3.3.4-1"], check => DeliveredAsync(check, 1)) { Needs = Feature.Qos1 },
        new("publish-qos-2", "A QoS 2 message is answered by PUBREC and PUBCOMP and arrives", ["MQTT-4.3.3-8", "MQTT-4.3.3-11", "MQTT-2.2.1-5", "MQTT-4.3.3-4"],
            ["MQTT-4.3.3-1", "MQTT-4.3.3-2", "MQTT-2.3.1-6"], check => DeliveredAsync(check, 2)) { Needs = Feature.Qos2 },
        new("publish-qos-2-repeated", "A QoS 2 message repeated before PUBREL is delivered once", ["MQTT-4.3.3-10"], ["MQTT-4.3.3-2"], Qos2RepeatedAsync) { Needs = Feature.Qos2 },
        new("publish-qos-2-id-free", "After PUBCOMP the identifier stands for a new message", ["MQTT-4.3.3-12"], ["MQTT-4.3.3-2"], check => IdFreeAsync(check, 2)) { Needs = Feature.Qos2 },
        new("publish-qos-1-id-free", "After PUBACK the identifier stands for a new message, whatever DUP is", ["MQTT-4.3.2-5"], ["MQTT-4.3.2-2"],
            check => IdFreeAsync(check, 1)) { Needs = Feature.Qos1 },
        new("publish-dup-not-passed-on", "DUP of the publisher is not passed on", ["MQTT-3.3.1-3", "MQTT-4.3.2-2"], ["MQTT-3.3.1-3"], DupNotPassedOnAsync) { Needs = Feature.Qos1 },
        new("publish-open-ids", "Open deliveries have identifiers of their own, none 0", ["MQTT-2.2.1-4", "MQTT-4.3.2-1"], ["MQTT-2.3.1-4", "MQTT-4.3.2-1"], OpenIdsAsync) { Needs = Feature.Qos1 },
        new("publish-puback-order", "PUBACKs come in the order of their PUBLISH packets", ["MQTT-4.6.0-2"], ["MQTT-4.6.0-2"],
            check => AcknowledgementOrderAsync(check, 1)) { Needs = Feature.Qos1 },
        new("publish-pubrec-order", "PUBRECs come in the order of their PUBLISH packets", ["MQTT-4.6.0-3"], ["MQTT-4.6.0-3"],
            check => AcknowledgementOrderAsync(check, 2)) { Needs = Feature.Qos2 },
        new("publish-pubrel-order", "PUBRELs come in the order of their PUBRECs", ["MQTT-4.6.0-4"], ["MQTT-4.6.0-4"], PubrelOrderAsync) { Needs = Feature.Qos2 },
        new("publish-order-qos-0", "QoS 0 messages of a client arrive in order", ["MQTT-4.6.0-5", "MQTT-4.6.0-6"], ["MQTT-4.6.0-5", "MQTT-4.6.0-6"], check => OrderAsync(check, 0)),
        new("publish-order-qos-1", "QoS 1 messages of a client arrive in order", ["MQTT-4.6.0-5", "MQTT-4.6.0-6"], ["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
            check => OrderAsync(check, 1)) { Needs = Feature.Qos1 },
        new("publish-order-qos-2", "QoS 2 messages of a client arrive in order", ["MQTT-4.6.0-5", "MQTT-4.6.0-6"], ["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
            check => OrderAsync(check, 2)) { Needs = Feature.Qos2 },
        new("publish-downgraded", "Messages come at the lower one of published and granted QoS", ["MQTT-3.8.4-8"], ["MQTT-3.8.4-6"], DowngradedAsync) { Needs = Feature.Qos2 },
        new("publish-bom", "EF BB BF in a topic is passed on", ["MQTT-1.5.4-3"], ["MQTT-1.5.3-3"], ByteOrderMarkAsync),
        new("publish-large", "A message of 100,000 bytes arrives as it was", ["MQTT-4.5.0-1"], ["MQTT-4.5.0-1"], LargeAsync),
        new("publish-empty", "An empty message arrives", ["MQTT-4.5.0-1"], ["MQTT-4.5.0-1"], EmptyAsync),
        new("publish-after-disconnect", "What follows DISCONNECT is not processed", ["MQTT-3.14.4-1"], [], AfterDisconnectAsync),
        new("pubrel-unknown", "A PUBREL for nothing is answered by PUBCOMP", ["MQTT-4.3.3-11", "MQTT-3.7.2-1"], ["MQTT-4.3.3-2"], PubrelUnknownAsync) { Needs = Feature.Qos2 },
    ];

    private static async Task Qos0Async(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "hello");
        var publish = (await subscriber.ExpectPublishAsync(topic, "hello")).Publish;
        Check.That(publish is { Qos: Qos.AtMostOnce, Dup: false, Retain: false }, $"it has QoS {(int)publish.Qos}, DUP {publish.Dup}, RETAIN {publish.Retain}");
    }

    private static async Task DeliveredAsync(CheckContext check, int qos)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, qos);
        await publisher.PublishAsync(topic, "hello", qos);
        var packet = await subscriber.ExpectPublishAsync(topic, "hello");
        Check.That((int)packet.Publish.Qos == qos, $"it has QoS {(int)packet.Publish.Qos}");
        Check.That(packet.Publish is { Dup: false, PacketId: not 0 }, "it has DUP 1 or the identifier 0");
        await subscriber.ExpectNothingAsync("the message came twice");
    }

    private static async Task Qos2RepeatedAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 2);
        await publisher.SendAsync(Publish(check.Version, topic, "once", qos: 2, id: 7));
        await publisher.ExpectAcknowledgementAsync(PacketType.Pubrec, 7);
        await publisher.SendAsync(Publish(check.Version, topic, "once", qos: 2, id: 7, dup: true));
        await publisher.ExpectAcknowledgementAsync(PacketType.Pubrec, 7);
        await publisher.SendAsync(Acknowledgement(PacketType.Pubrel, 7));
        await publisher.ExpectAcknowledgementAsync(PacketType.Pubcomp, 7);
        await subscriber.ExpectPublishAsync(topic, "once");
        await subscriber.ExpectNothingAsync("the message came twice");
    }

    private static async Task IdFreeAsync(CheckContext check, int qos)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, qos);
        foreach (var payload in new[] { "one", "two" })
        {
            await publisher.SendAsync(Publish(check.Version, topic, payload, qos, id: 7, dup: qos == 1 && payload == "two"));
            await publisher.ExpectAcknowledgementAsync(qos == 1 ? PacketType.Puback : PacketType.Pubrec, 7);
            if (qos == 2)
            {
                await publisher.SendAsync(Acknowledgement(PacketType.Pubrel, 7));
                await publisher.ExpectAcknowledgementAsync(PacketType.Pubcomp, 7);
            }

            await subscriber.ExpectPublishAsync(topic, payload);
        }
    }

    private static async Task DupNotPassedOnAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 1);
        await publisher.SendAsync(Publish(check.Version, topic, "hello", qos: 1, id: 7, dup: true));
        await publisher.ExpectAcknowledgementAsync(PacketType.Puback, 7);
        var packet = await subscriber.ExpectPublishAsync(topic, "hello");
        Check.That(!packet.Publish.Dup, "the first delivery has DUP 1");
    }

    private static async Task OpenIdsAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 1);
        for (var i = 0; i < Many; i++) await publisher.PublishAsync(topic, $"{i}", qos: 1);
        var ids = new HashSet<ushort>();
        for (var i = 0; i < Many; i++)
        {
            var id = (await subscriber.ExpectUnacknowledgedAsync(topic, $"{i}")).Publish.PacketId;
            Check.That(id != 0, "a delivery has the identifier 0");
            Check.That(ids.Add(id), $"two open deliveries have the identifier {id}");
        }
    }

    private static async Task AcknowledgementOrderAsync(CheckContext check, int qos)
    {
        var publisher = await check.ConnectAsync("pub");
        var bytes = new List<byte>();
        for (var i = 1; i <= Many; i++) bytes.AddRange(Publish(check.Version, check.Topic("a"), $"{i}", qos, id: (ushort)(100 - i)));
        await publisher.SendAsync([.. bytes]);
        for (var i = 1; i <= Many; i++) await publisher.ExpectAcknowledgementAsync(qos == 1 ? PacketType.Puback : PacketType.Pubrec, (ushort)(100 - i));
    }

    private static async Task PubrelOrderAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 2);
        for (var i = 0; i < 10; i++) await publisher.PublishAsync(topic, $"{i}", qos: 2);
        var ids = new List<ushort>();
        for (var i = 0; i < 10; i++) ids.Add((await subscriber.ExpectUnacknowledgedAsync(topic, $"{i}")).Publish.PacketId);
        foreach (var id in ids) await subscriber.SendAsync(Acknowledgement(PacketType.Pubrec, id));
        foreach (var id in ids) await subscriber.ExpectAcknowledgementAsync(PacketType.Pubrel, id);
    }

    private static async Task OrderAsync(CheckContext check, int qos)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, qos);
        var bytes = new List<byte>();
        for (var i = 1; i <= Many; i++) bytes.AddRange(Publish(check.Version, topic, $"{i}", qos, id: (ushort)i));
        await publisher.SendAsync([.. bytes]);
        for (var i = 1; qos == 2 && i <= Many; i++)
        {
            await publisher.ExpectAcknowledgementAsync(PacketType.Pubrec, (ushort)i);
            await publisher.SendAsync(Acknowledgement(PacketType.Pubrel, (ushort)i));
        }

        for (var i = 1; i <= Many; i++) await subscriber.ExpectPublishAsync(topic, $"{i}");
    }

    private static async Task DowngradedAsync(CheckContext check)
    {
        var publisher = await check.ConnectAsync("pub");
        for (var granted = 0; granted <= 2; granted++)
        {
            var topic = check.Topic($"granted{granted}");
            var subscriber = await check.ConnectAsync($"sub{granted}");
            await subscriber.SubscribeAsync(topic, granted);
            for (var published = 0; published <= 2; published++)
            {
                await publisher.PublishAsync(topic, "hello", published);
                var packet = await subscriber.ExpectPublishAsync(topic);
                Check.That((int)packet.Publish.Qos == Math.Min(granted, published), $"QoS {published} to a subscription of QoS {granted} came at QoS {(int)packet.Publish.Qos}");
            }
        }
    }

    private static async Task ByteOrderMarkAsync(CheckContext check)
    {
        var topic = check.Topic("\uFEFFa");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "hello");
        var packet = await subscriber.ExpectPublishAsync();
        Check.That(packet.Publish.TopicName.SequenceEqual(Encoding.UTF8.GetBytes(topic)), "the topic came without EF BB BF");
    }

    private static async Task LargeAsync(CheckContext check)
    {
        const int Size = 100_000;
        if (check.Features.MaximumPacketSize < Size + 200) throw new NotOfferedException($"the broker's Maximum Packet Size is {check.Features.MaximumPacketSize}");

        var topic = check.Topic("a");
        var payload = string.Concat(Enumerable.Range(0, Size / 10).Select(number => $"{number:D10}"));
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, payload);
        await subscriber.ExpectPublishAsync(topic, payload);
    }

    private static async Task EmptyAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "");
        await subscriber.ExpectPublishAsync(topic, "");
    }

    private static async Task AfterDisconnectAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.SendAsync([.. Disconnect, .. Publish(check.Version, topic, "too late")]);
        await publisher.ExpectCloseAsync("DISCONNECT");
        await subscriber.ExpectNothingAsync("a message behind DISCONNECT was delivered");
    }

    private static async Task PubrelUnknownAsync(CheckContext check)
    {
        var publisher = await check.ConnectAsync("pub");
        await publisher.SendAsync(Acknowledgement(PacketType.Pubrel, 77));
        var pubcomp = await publisher.ExpectAsync(PacketType.Pubcomp);
        Check.That(pubcomp.Acknowledgement.PacketId == 77, $"PUBCOMP has the identifier {pubcomp.Acknowledgement.PacketId} instead of 77");
    }
}
