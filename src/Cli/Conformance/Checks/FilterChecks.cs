using Avocet.Protocol;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>Topic filters, wildcards and shared subscriptions.</summary>
internal static class FilterChecks
{
    private static readonly string[] Topics = ["a", "a/", "/a", "a/b", "a/b/c", "a//c", "A/b", "a/bb", "b/b", "/"];

    public static IReadOnlyList<Check> All { get; } =
    [
        new("filter-plus", "+ stands for one level", ["MQTT-4.7.1-2", "MQTT-3.3.2-3"], ["MQTT-4.7.1-3", "MQTT-3.3.2-3"],
            check => MatchesAsync(check, ("a/+", ["a/", "a/b", "a/bb"]), ("+/b", ["a/b", "A/b", "b/b"]), ("a/+/c", ["a/b/c", "a//c"]), ("+", ["a"]))) { Needs = Feature.Wildcards },
        new("filter-hash", "# stands for all levels from there, and for none", ["MQTT-4.7.1-1", "MQTT-3.3.2-3"], ["MQTT-4.7.1-2", "MQTT-3.3.2-3"],
            check => MatchesAsync(check, ("a/#", ["a", "a/", "a/b", "a/b/c", "a//c", "a/bb"]), ("+/b/#", ["a/b", "a/b/c", "A/b", "b/b"]), ("#", Topics))) { Needs = Feature.Wildcards },
        new("filter-exact", "Topics are compared as they are: letter case, slashes at both ends", ["MQTT-4.7.3-4"], ["MQTT-4.7.3-4"],
            check => MatchesAsync(check, ("a", ["a"]), ("/a", ["/a"]), ("a/", ["a/"]), ("a//c", ["a//c"]), ("A/b", ["A/b"]), ("/", ["/"]))),
        new("filter-dollar", "A filter that begins with a wildcard does not match $ topics", ["MQTT-4.7.2-1"], ["MQTT-4.7.2-1"], DollarAsync) { Needs = Feature.Wildcards },
        new("filter-hash-not-last", "a/#/b is refused", ["MQTT-4.7.1-1"], ["MQTT-4.7.1-2"], check => RefusedAsync(check, check.Topic("a/#/b"))),
        new("filter-hash-not-alone", "a# is refused", ["MQTT-4.7.1-1"], ["MQTT-4.7.1-2"], check => RefusedAsync(check, check.Topic("a#"))),
        new("filter-plus-not-alone", "a+/b is refused", ["MQTT-4.7.1-2"], ["MQTT-4.7.1-3"], check => RefusedAsync(check, check.Topic("a+/b"))),
        new("filter-empty", "An empty filter is refused", ["MQTT-4.7.3-1"], ["MQTT-4.7.3-1"], check => RefusedAsync(check, "")),
        new("shared-once", "A message goes to one member of a share", ["MQTT-4.8.2-1"], [], SharedOnceAsync) { Needs = Feature.SharedSubscriptions },
        new("shared-and-own", "A share takes nothing from other subscriptions", ["MQTT-4.5.0-1"], [], SharedAndOwnAsync) { Needs = Feature.SharedSubscriptions },
        new("shared-qos", "A member gets messages at its own granted QoS at most", ["MQTT-4.8.2-3"], [], SharedQosAsync) { Needs = Feature.SharedSubscriptions | Feature.Qos1 },
        new("shared-unacknowledged", "What a member has not acknowledged is not lost with its connection", ["MQTT-4.4.0-1"], [],
            SharedUnacknowledgedAsync) { Needs = Feature.SharedSubscriptions | Feature.Qos1 },
        new("shared-empty-name", "An empty ShareName is refused", ["MQTT-4.8.2-1"], [], check => RefusedAsync(check, $"$share//{check.Topic("a")}")) { Needs = Feature.SharedSubscriptions },
        new("shared-wildcard-name", "A ShareName with a wildcard is refused", ["MQTT-4.8.2-2"], [],
            check => RefusedAsync(check, $"$share/a+/{check.Topic("a")}")) { Needs = Feature.SharedSubscriptions },
        new("shared-no-filter", "A share without a filter is refused", ["MQTT-4.8.2-2"], [], check => RefusedAsync(check, "$share/name")) { Needs = Feature.SharedSubscriptions },
        new("shared-no-local", "No Local with a shared subscription is a Protocol Error", ["MQTT-3.8.3-4"], [], SharedNoLocalAsync) { Needs = Feature.SharedSubscriptions },
    ];

    // All topics of the table are published once for each filter, below a topic of the check's own; then a last message shows that nothing follows.
    private static async Task MatchesAsync(CheckContext check, params (string Filter, string[] Matching)[] rows)
    {
        var publisher = await check.ConnectAsync("pub");
        for (var i = 0; i < rows.Length; i++)
        {
            // Without a slash behind it: "/" and "a" are to begin at a level of their own.
            var root = check.Topic($"{i}");
            var subscriber = await check.ConnectAsync($"sub{i}");
            await subscriber.SubscribeAsync($"{root}/{rows[i].Filter}");
            foreach (var topic in Topics) await publisher.SendAsync(Publish(check.Version, $"{root}/{topic}", topic));
            await publisher.PingAsync();
            var got = new List<string>();
            foreach (var _ in rows[i].Matching) got.Add((await subscriber.ExpectPublishAsync()).Text);
            Check.That(got.Order(StringComparer.Ordinal).SequenceEqual(rows[i].Matching.Order(StringComparer.Ordinal)), $"{rows[i].Filter} got {string.Join(", ", got)}");
            await subscriber.ExpectNothingAsync($"{rows[i].Filter} does not match");
        }
    }

    private static async Task DollarAsync(CheckContext check)
    {
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync($"+/{check.Id}");
        await subscriber.SubscribeAsync($"{check.Topic("witness")}");

        // The broker may refuse such topics to clients altogether, so nobody waits for this one.
        await (await check.ConnectAsync("dollar")).SendAsync(Publish(check.Version, $"$avocet-check/{check.Id}", "hidden"));
        await (await check.ConnectAsync("pub")).PublishAsync(check.Topic("witness"), "seen");
        await subscriber.ExpectPublishAsync(check.Topic("witness"), "seen");
        await subscriber.ExpectNothingAsync("+ does not match a level that begins with $");
    }

    private static async Task RefusedAsync(CheckContext check, string filter)
    {
        var peer = await check.ConnectAsync();
        await peer.SendAsync(Subscribe(check.Version, 1, [], (filter, 0)));
        RawPacket? suback = null;
        try
        {
            suback = await peer.ExpectAsync(PacketType.Suback);
        }
        catch (CheckFailedException)
        {
            await peer.ExpectCloseAsync($"the filter '{filter}'");
        }

        if (suback is null) return;

        var code = suback.SubscriptionAcknowledgement.ReasonCodes[0];
        Check.That(code >= 0x80, $"the filter '{filter}' was granted with 0x{code:X2}");
    }

    private static async Task SharedOnceAsync(CheckContext check)
    {
        const int Count = 20;
        var filter = $"$share/{check.Id}/{check.Topic("a")}";
        var (first, second) = (await check.ConnectAsync("first"), await check.ConnectAsync("second"));
        await first.SubscribeAsync(filter);
        await second.SubscribeAsync(filter);
        await first.SubscribeAsync(check.Topic("end"));
        await second.SubscribeAsync(check.Topic("end"));
        var publisher = await check.ConnectAsync("pub");
        for (var i = 0; i < Count; i++) await publisher.PublishAsync(check.Topic("a"), $"{i}");
        await publisher.PublishAsync(check.Topic("end"), "end");

        var got = new List<string>();
        foreach (var member in (RawPeer[])[first, second])
        {
            while (await member.ExpectPublishAsync() is var packet && packet.Text != "end") got.Add(packet.Text);
        }

        Check.That(got.Distinct().Count() == got.Count, $"of {Count} messages {got.Count - got.Distinct().Count()} came to both members");
        Check.That(got.Count == Count, $"of {Count} messages {got.Count} came");
    }

    private static async Task SharedAndOwnAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (own, publisher) = await check.PairAsync(topic);
        var member = await check.ConnectAsync("member");
        await member.SubscribeAsync($"$share/{check.Id}/{topic}");
        await publisher.PublishAsync(topic, "hello");
        await own.ExpectPublishAsync(topic, "hello");
        await member.ExpectPublishAsync(topic, "hello");
    }

    private static async Task SharedQosAsync(CheckContext check)
    {
        var member = await check.ConnectAsync("member");
        await member.SubscribeAsync($"$share/{check.Id}/{check.Topic("a")}");
        await (await check.ConnectAsync("pub")).PublishAsync(check.Topic("a"), "hello", qos: 1);
        var packet = await member.ExpectPublishAsync(check.Topic("a"), "hello");
        Check.That(packet.Publish.Qos == Qos.AtMostOnce, $"it came at QoS {(int)packet.Publish.Qos}");
    }

    private static async Task SharedUnacknowledgedAsync(CheckContext check)
    {
        var filter = $"$share/{check.Id}/{check.Topic("a")}";
        var first = await check.ConnectPersistentAsync("first");
        await first.SubscribeAsync(filter, 1);
        await (await check.ConnectAsync("pub")).PublishAsync(check.Topic("a"), "open", qos: 1);
        await first.ExpectUnacknowledgedAsync(check.Topic("a"), "open");
        await first.DisposeAsync();
        await (await check.ConnectPersistentAsync("first")).ExpectPublishAsync(check.Topic("a"), "open");
    }

    private static async Task SharedNoLocalAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync();
        await peer.SendAsync(Subscribe(check.Version, 1, [], ($"$share/{check.Id}/{check.Topic("a")}", 0x04)));
        await peer.ExpectCloseAsync("No Local with a shared subscription", ReasonCode.ProtocolError);
    }
}
