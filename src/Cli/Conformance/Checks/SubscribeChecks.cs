using Avocet.Protocol;
using Avocet.Protocol.Properties;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>SUBSCRIBE, UNSUBSCRIBE, and subscription options.</summary>
internal static class SubscribeChecks
{
    private const int NoLocal = 0x04;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("subscribe-answered", "SUBSCRIBE is answered by SUBACK with its identifier", ["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.2.1-6"],
            ["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.3.1-7"], AnsweredAsync),
        new("subscribe-several", "SUBACK has a code for each filter, in their order", ["MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1"],
            ["MQTT-3.8.4-4", "MQTT-3.8.4-5", "MQTT-3.9.3-1", "MQTT-3.9.3-2"], SeveralAsync),
        new("subscribe-overlapping", "Where subscriptions overlap, the highest QoS counts", ["MQTT-3.3.4-2"], ["MQTT-3.3.5-1"], OverlappingAsync) { Needs = Feature.Qos2 | Feature.Wildcards },
        new("subscribe-replaced", "The same filter again replaces the subscription", ["MQTT-3.8.4-3"], ["MQTT-3.8.4-3"], ReplacedAsync) { Needs = Feature.Qos1 },
        new("subscribe-only-matching", "What comes matches a filter of the client", ["MQTT-3.3.2-3"], ["MQTT-3.3.2-3"], OnlyMatchingAsync),
        new("subscribe-no-local", "No Local keeps a client's own messages from it", ["MQTT-3.8.3-3"], [], NoLocalKeepsAsync),
        new("unsubscribe", "UNSUBSCRIBE ends the subscription and is answered", ["MQTT-3.10.4-1", "MQTT-3.10.4-2", "MQTT-3.10.4-4", "MQTT-2.2.1-6"],
            ["MQTT-3.10.4-1", "MQTT-3.10.4-2", "MQTT-3.10.4-4"], UnsubscribesAsync),
        new("unsubscribe-nothing", "UNSUBACK comes also when nothing was deleted", ["MQTT-3.10.4-5", "MQTT-3.11.3-2"], ["MQTT-3.10.4-5"], UnsubscribeNothingAsync),
        new("unsubscribe-exact", "Only the filter that is the same, character by character, is deleted", ["MQTT-3.10.4-1"], ["MQTT-3.10.4-1"], UnsubscribeExactAsync) { Needs = Feature.Wildcards },
        new("unsubscribe-several", "UNSUBACK has a code for each filter, in their order", ["MQTT-3.10.4-6", "MQTT-3.11.3-1"], ["MQTT-3.10.4-6"], UnsubscribeSeveralAsync),
        new("unsubscribe-finishes", "A QoS 2 delivery under way is finished in spite of UNSUBSCRIBE", ["MQTT-3.10.4-3"], ["MQTT-3.10.4-3"], UnsubscribeFinishesAsync) { Needs = Feature.Qos2 },
        new("subscription-id", "A message carries the Subscription Identifier of what it matched", ["MQTT-3.3.4-3"], [], SubscriptionIdAsync) { Needs = Feature.SubscriptionIds },
        new("subscription-ids-overlapping", "Overlapping subscriptions show all their Subscription Identifiers", ["MQTT-3.3.4-4", "MQTT-3.3.4-5"], [],
            SubscriptionIdsOverlappingAsync) { Needs = Feature.SubscriptionIds | Feature.Wildcards },
    ];

    private static async Task AnsweredAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync();
        foreach (ushort id in (ushort[])[1, 0xABCD, ushort.MaxValue])
        {
            await peer.SendAsync(Subscribe(check.Version, id, [], (check.Topic($"{id}"), 0)));
            var suback = await peer.ExpectAsync(PacketType.Suback);
            Check.That(suback.SubscriptionAcknowledgement.PacketId == id, $"SUBACK has the identifier {suback.SubscriptionAcknowledgement.PacketId} instead of {id}");
        }
    }

    private static async Task SeveralAsync(CheckContext check)
    {
        var max = (check.Features.Offered & Feature.Qos2) != 0 ? 2 : (check.Features.Offered & Feature.Qos1) != 0 ? 1 : 0;
        var peer = await check.ConnectAsync();
        var codes = await peer.SubscribeAsync((check.Topic("a"), max), (check.Topic("b"), 0), (check.Topic("c"), Math.Min(1, max)));
        Check.That(codes.SequenceEqual(new[] { (byte)max, (byte)0, (byte)Math.Min(1, max) }), $"the codes are {Convert.ToHexString(codes)}");
        foreach (var name in new[] { "a", "b", "c" })
        {
            await peer.PublishAsync(check.Topic(name), name);
            await peer.ExpectPublishAsync(check.Topic(name), name);
        }
    }

    private static async Task OverlappingAsync(CheckContext check)
    {
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(check.Topic("#"), 1);
        await subscriber.SubscribeAsync(check.Topic("+"), 2);
        await subscriber.SubscribeAsync(check.Topic("a"), 0);
        await (await check.ConnectAsync("pub")).PublishAsync(check.Topic("a"), "hello", qos: 2);
        await subscriber.PingAsync();
        var max = (int)(await subscriber.ExpectPublishAsync(check.Topic("a"), "hello")).Publish.Qos;

        // A broker may send a copy for each subscription; one of them has to have the highest QoS.
        try
        {
            for (var copies = 1; copies < 3 && max < 2; copies++) max = Math.Max(max, (int)(await subscriber.ExpectPublishAsync(check.Topic("a"), "hello")).Publish.Qos);
        }
        catch (CheckFailedException)
        {
            throw new CheckFailedException($"the highest QoS that came is {max}");
        }

        Check.That(max == 2, $"the highest QoS that came is {max}");
    }

    private static async Task ReplacedAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 1);
        await subscriber.SubscribeAsync(topic);
        await publisher.PublishAsync(topic, "hello", qos: 1);
        var packet = await subscriber.ExpectPublishAsync(topic, "hello");
        Check.That(packet.Publish.Qos == Qos.AtMostOnce, $"it came at QoS {(int)packet.Publish.Qos}, as the former subscription had it");
        await subscriber.ExpectNothingAsync("the message came for both subscriptions");
    }

    private static async Task OnlyMatchingAsync(CheckContext check)
    {
        var (subscriber, publisher) = await check.PairAsync(check.Topic("a"));
        await publisher.PublishAsync(check.Topic("b"), "other");
        await publisher.PublishAsync(check.Topic("a/b"), "below");
        await publisher.PublishAsync(check.Topic("a"), "mine");
        await subscriber.ExpectPublishAsync(check.Topic("a"), "mine");
        await subscriber.ExpectNothingAsync("the client did not subscribe to it");
    }

    private static async Task NoLocalKeepsAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, NoLocal);
        await subscriber.PublishAsync(topic, "own");
        await publisher.PublishAsync(topic, "other");
        await subscriber.ExpectPublishAsync(topic, "other");
        await subscriber.ExpectNothingAsync("the client asked for No Local");
    }

    private static async Task UnsubscribesAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "before");
        await subscriber.ExpectPublishAsync(topic, "before");
        await subscriber.UnsubscribeAsync(topic);
        await publisher.PublishAsync(topic, "after");
        await subscriber.ExpectNothingAsync("the subscription was deleted");
    }

    private static async Task UnsubscribeNothingAsync(CheckContext check)
    {
        var unsuback = await (await check.ConnectAsync()).UnsubscribeAsync(check.Topic("never"));
        if (!check.IsV50) return;

        var codes = unsuback.SubscriptionAcknowledgement.ReasonCodes;
        Check.That(codes.Length == 1 && codes[0] is (byte)ReasonCode.NoSubscriptionExisted or 0, $"the code is 0x{codes[0]:X2} instead of 0x11");
    }

    private static async Task UnsubscribeExactAsync(CheckContext check)
    {
        var (subscriber, publisher) = await check.PairAsync(check.Topic("a/+"));
        await subscriber.UnsubscribeAsync(check.Topic("a/b"), check.Topic("a/#"), check.Topic("A/+"));
        await publisher.PublishAsync(check.Topic("a/b"), "still");
        await subscriber.ExpectPublishAsync(check.Topic("a/b"), "still");
    }

    private static async Task UnsubscribeSeveralAsync(CheckContext check)
    {
        var (subscriber, publisher) = await check.PairAsync(check.Topic("a"));
        await subscriber.SubscribeAsync(check.Topic("c"));
        var unsuback = await subscriber.UnsubscribeAsync(check.Topic("a"), check.Topic("b"), check.Topic("c"));
        if (check.IsV50)
        {
            var codes = unsuback.SubscriptionAcknowledgement.ReasonCodes;
            Check.That(codes is [0, 0x11 or 0, 0], $"the codes are {Convert.ToHexString(codes)} instead of 001100");
        }

        await publisher.PublishAsync(check.Topic("a"), "a");
        await publisher.PublishAsync(check.Topic("c"), "c");
        await subscriber.ExpectNothingAsync("the subscriptions were deleted");
    }

    private static async Task UnsubscribeFinishesAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, 2);
        await publisher.PublishAsync(topic, "under way", qos: 2);
        var packet = await subscriber.ExpectUnacknowledgedAsync(topic, "under way");
        await subscriber.UnsubscribeAsync(topic);
        await subscriber.AcknowledgeAsync(packet);
    }

    private static async Task SubscriptionIdAsync(CheckContext check)
    {
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeWithAsync(properties => properties.Add(PropertyId.SubscriptionIdentifier, 300), (check.Topic("a"), 0));
        await subscriber.SubscribeAsync(check.Topic("b"));
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(check.Topic("a"), "with");
        await publisher.PublishAsync(check.Topic("b"), "without");
        ExpectIds(await subscriber.ExpectPublishAsync(check.Topic("a")), 300);
        ExpectIds(await subscriber.ExpectPublishAsync(check.Topic("b")));
    }

    private static async Task SubscriptionIdsOverlappingAsync(CheckContext check)
    {
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeWithAsync(properties => properties.Add(PropertyId.SubscriptionIdentifier, 1), (check.Topic("+"), 0));
        await subscriber.SubscribeWithAsync(properties => properties.Add(PropertyId.SubscriptionIdentifier, 2), (check.Topic("#"), 0));
        await (await check.ConnectAsync("pub")).PublishAsync(check.Topic("a"), "hello");
        var ids = IdsOf(await subscriber.ExpectPublishAsync(check.Topic("a")));

        // One copy with both, or a copy for each.
        if (ids.Count == 1) ids.AddRange(IdsOf(await subscriber.ExpectPublishAsync(check.Topic("a"))));
        Check.That(ids.Order().SequenceEqual([1u, 2u]), $"the Subscription Identifiers are {string.Join(", ", ids)} instead of 1 and 2");
    }

    private static void ExpectIds(RawPacket packet, params uint[] due)
    {
        var ids = IdsOf(packet);
        Check.That(ids.SequenceEqual(due), $"a message has the Subscription Identifiers [{string.Join(", ", ids)}] instead of [{string.Join(", ", due)}]");
    }

    private static List<uint> IdsOf(RawPacket packet)
    {
        var ids = new List<uint>();
        foreach (var property in packet.Properties)
        {
            if (property.Id == PropertyId.SubscriptionIdentifier) ids.Add(property.Integer);
        }

        return ids;
    }
}
