using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>What MQTT 5.0 adds to messages: properties, expiry, aliases, and the limits of both sides.</summary>
internal static class PropertyChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("property-forwarded", "Properties of a message go on as they are", ["MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-20"], [], ForwardedAsync),
        new("property-user", "User Properties go on as they are and in their order", ["MQTT-3.3.2-17", "MQTT-3.3.2-18"], [], UserPropertiesAsync),
        new("expiry-counted-down", "Message Expiry Interval goes on without the time the message has waited", ["MQTT-3.3.2-6"], [], ExpiryCountedDownAsync) { Needs = Feature.Qos1 },
        new("expiry-deleted", "A message that has expired is not delivered", ["MQTT-3.3.2-5"], [], ExpiryDeletedAsync) { Needs = Feature.Qos1 },
        new("expiry-retained", "A retained message that has expired is not delivered", ["MQTT-3.3.2-5"], [], ExpiryRetainedAsync) { Needs = Feature.Retain },
        new("alias-understood", "A Topic Alias stands for its topic until it is set anew", ["MQTT-3.3.2-12"], [], AliasUnderstoodAsync) { Needs = Feature.TopicAlias },
        new("alias-ends-with-connection", "Topic Aliases end with their connection", ["MQTT-3.3.2-7"], [], AliasEndsAsync) { Needs = Feature.TopicAlias },
        new("alias-0", "A Topic Alias of 0 ends the connection", ["MQTT-3.3.2-8"], [], check => AliasRefusedAsync(check, 0)),
        new("alias-too-high", "A Topic Alias above the broker's maximum ends the connection", ["MQTT-3.3.2-9"], [], AliasTooHighAsync),
        new("alias-not-asked-for", "Without a Topic Alias Maximum of the client the broker sends no alias", ["MQTT-3.1.2-27"], [], check => AliasSentAsync(check, 0)),
        new("alias-within-maximum", "Aliases towards a client stay within its Topic Alias Maximum", ["MQTT-3.1.2-26", "MQTT-3.3.2-11"], [], check => AliasSentAsync(check, 2)),
        new("receive-maximum-kept", "No more than the client's Receive Maximum is open", ["MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2"], [], ReceiveMaximumKeptAsync) { Needs = Feature.Qos1 },
        new("receive-maximum-others", "Receive Maximum does not delay other packets", ["MQTT-3.3.4-10", "MQTT-4.9.0-3"], [], ReceiveMaximumOthersAsync) { Needs = Feature.Qos1 },
        new("receive-maximum-exceeded", "Who exceeds the broker's Receive Maximum is disconnected", ["MQTT-3.3.4-7"], [], ReceiveMaximumExceededAsync) { Needs = Feature.Qos2 },
        new("maximum-packet-size", "A message too large for a client is dropped, and the next one comes", ["MQTT-3.1.2-24", "MQTT-3.1.2-25"], [], MaximumPacketSizeAsync),
        new("problem-information", "Request Problem Information 0 keeps Reason Strings away", ["MQTT-3.1.2-29"], [], ProblemInformationAsync),
        new("refused-is-settled", "A PUBREC with an error settles the message", ["MQTT-4.4.0-2", "MQTT-4.3.3-9"], [], RefusedIsSettledAsync) { Needs = Feature.Qos2 },
    ];

    public static void ExpectUserProperties(RawPacket packet, params string[] due)
    {
        var got = new List<string>();
        foreach (var property in packet.Properties)
        {
            if (property.Id == PropertyId.UserProperty) got.Add($"{Encoding.UTF8.GetString(property.Bytes)}={Encoding.UTF8.GetString(property.PairValue)}");
        }

        Check.That(got.SequenceEqual(due), $"the User Properties are {string.Join(", ", got)} instead of {string.Join(", ", due)}");
    }

    private static async Task ForwardedAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "hello", properties: properties => properties
            .Add(PropertyId.PayloadFormatIndicator, 1).Add(PropertyId.ContentType, "text/plain").Add(PropertyId.ResponseTopic, "answer/to").Add(PropertyId.CorrelationData, "c1"u8));
        var packet = await subscriber.ExpectPublishAsync(topic, "hello");
        Check.That(packet.Integer(PropertyId.PayloadFormatIndicator) == 1, "it came without Payload Format Indicator 1");
        Check.That(packet.String(PropertyId.ContentType) == "text/plain", $"its Content Type is '{packet.String(PropertyId.ContentType)}'");
        Check.That(packet.String(PropertyId.ResponseTopic) == "answer/to", $"its Response Topic is '{packet.String(PropertyId.ResponseTopic)}'");
        Check.That(packet.String(PropertyId.CorrelationData) == "c1", $"its Correlation Data is '{packet.String(PropertyId.CorrelationData)}'");
    }

    private static async Task UserPropertiesAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "hello", properties: properties => properties.AddUserProperty("b", "1").AddUserProperty("a", "2").AddUserProperty("b", "1"));
        ExpectUserProperties(await subscriber.ExpectPublishAsync(topic), "b=1", "a=2", "b=1");
    }

    private static async Task<RawPeer> PublishToAbsentAsync(CheckContext check, params (string Payload, uint Expiry)[] messages)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 1);
        await away.DisconnectAsync();
        var publisher = await check.ConnectAsync("pub");
        foreach (var (payload, expiry) in messages) await publisher.PublishAsync(topic, payload, qos: 1, properties: properties => properties.Add(PropertyId.MessageExpiryInterval, expiry));

        // Longer than the short ones last.
        await Task.Delay(TimeSpan.FromSeconds(2.2), check.CancellationToken);
        return await check.ConnectPersistentAsync("away");
    }

    private static async Task ExpiryCountedDownAsync(CheckContext check)
    {
        var back = await PublishToAbsentAsync(check, ("lasting", 100));
        var left = (await back.ExpectPublishAsync(check.Topic("a"), "lasting")).Integer(PropertyId.MessageExpiryInterval);
        Check.That(left is >= 90 and <= 98, $"Message Expiry Interval is {left?.ToString() ?? "missing"} after 2 of 100 s");
    }

    private static async Task ExpiryDeletedAsync(CheckContext check)
    {
        var back = await PublishToAbsentAsync(check, ("short", 1), ("lasting", 100));
        await back.ExpectPublishAsync(check.Topic("a"), "lasting");
        await back.ExpectNothingAsync("the message had expired");
    }

    private static async Task ExpiryRetainedAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "short", retain: true, properties: properties => properties.Add(PropertyId.MessageExpiryInterval, 1));
        await Task.Delay(TimeSpan.FromSeconds(2.2), check.CancellationToken);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic);
        await subscriber.ExpectNothingAsync("the message had expired");
    }

    private static async Task AliasUnderstoodAsync(CheckContext check)
    {
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync((check.Topic("a"), 0), (check.Topic("b"), 0));
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(check.Topic("a"), "1", properties: Alias(1));
        await publisher.PublishAsync("", "2", properties: Alias(1));
        await publisher.PublishAsync(check.Topic("b"), "3", properties: Alias(1));
        await publisher.PublishAsync("", "4", properties: Alias(1));
        await subscriber.ExpectPublishAsync(check.Topic("a"), "1");
        await subscriber.ExpectPublishAsync(check.Topic("a"), "2");
        await subscriber.ExpectPublishAsync(check.Topic("b"), "3");
        await subscriber.ExpectPublishAsync(check.Topic("b"), "4");
    }

    private static async Task AliasEndsAsync(CheckContext check)
    {
        var first = await check.ConnectAsync("pub", new RawConnect { SessionExpirySeconds = 600 });
        await first.PublishAsync(check.Topic("a"), "1", properties: Alias(1));
        await first.DisconnectAsync();
        var second = await check.ConnectPersistentAsync("pub");
        await second.SendAsync(Publish(check.Version, "", "2", properties: Alias(1)));
        await second.ExpectCloseAsync("an alias of the connection before");
    }

    private static Task AliasTooHighAsync(CheckContext check) => check.Features.TopicAliasMaximum == ushort.MaxValue
        ? throw new NotOfferedException("the broker takes every alias")
        : AliasRefusedAsync(check, (ushort)(check.Features.TopicAliasMaximum + 1));

    private static async Task AliasRefusedAsync(CheckContext check, ushort alias)
    {
        var publisher = await check.ConnectAsync("pub");
        await publisher.SendAsync(Publish(check.Version, check.Topic("a"), "x", properties: Alias(alias)));
        await publisher.ExpectCloseAsync($"the Topic Alias {alias}", ReasonCode.TopicAliasInvalid, ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
    }

    private static async Task AliasSentAsync(CheckContext check, uint maximum)
    {
        var subscriber = await check.ConnectAsync("sub", new RawConnect { Properties = properties => properties.Add(PropertyId.TopicAliasMaximum, maximum) });
        string[] topics = [check.Topic("a"), check.Topic("b"), check.Topic("c")];
        await subscriber.SubscribeAsync([.. topics.Select(topic => (topic, 0))]);
        var publisher = await check.ConnectAsync("pub");
        var known = new Dictionary<uint, string>();
        for (var i = 0; i < 12; i++)
        {
            var due = topics[i % topics.Length];
            await publisher.PublishAsync(due, $"{i}");
            var packet = await subscriber.ExpectPublishAsync(payload: $"{i}");
            var alias = packet.Integer(PropertyId.TopicAlias);
            Check.That(alias is null || (alias > 0 && alias <= maximum), $"the alias {alias} came at a Topic Alias Maximum of {maximum}");
            if (alias is { } number && packet.Topic.Length > 0) known[number] = packet.Topic;
            var topic = packet.Topic.Length > 0 ? packet.Topic : known.GetValueOrDefault(alias ?? 0, "an alias that was never set");
            Check.That(topic == due, $"{topic} came instead of {due}");
        }
    }

    private static async Task<RawPeer> ConnectNarrowAsync(CheckContext check, ushort maximum)
    {
        var subscriber = await check.ConnectAsync("sub", new RawConnect { Properties = properties => properties.Add(PropertyId.ReceiveMaximum, maximum) });
        await subscriber.SubscribeAsync(check.Topic("a"), 1);
        var publisher = await check.ConnectAsync("pub");
        for (var i = 0; i < 5; i++) await publisher.PublishAsync(check.Topic("a"), $"{i}", qos: 1);
        return subscriber;
    }

    private static async Task ReceiveMaximumKeptAsync(CheckContext check)
    {
        var subscriber = await ConnectNarrowAsync(check, 2);
        var first = await subscriber.ExpectUnacknowledgedAsync(check.Topic("a"), "0");
        var second = await subscriber.ExpectUnacknowledgedAsync(check.Topic("a"), "1");
        await subscriber.ExpectNothingAsync("two deliveries are open, at a Receive Maximum of 2");
        await subscriber.AcknowledgeAsync(first);
        await subscriber.ExpectUnacknowledgedAsync(check.Topic("a"), "2");
        await subscriber.ExpectNothingAsync("two deliveries are open again");
        await subscriber.AcknowledgeAsync(second);
        await subscriber.ExpectUnacknowledgedAsync(check.Topic("a"), "3");
    }

    private static async Task ReceiveMaximumOthersAsync(CheckContext check)
    {
        var subscriber = await ConnectNarrowAsync(check, 1);
        await subscriber.ExpectUnacknowledgedAsync(check.Topic("a"), "0");
        await subscriber.PingAsync();
        await subscriber.SubscribeAsync(check.Topic("b"));
        await subscriber.PublishAsync(check.Topic("b"), "at QoS 0");
        await subscriber.ExpectPublishAsync(check.Topic("b"), "at QoS 0");
    }

    private static async Task ReceiveMaximumExceededAsync(CheckContext check)
    {
        const int Most = 2000;
        var maximum = check.Features.ReceiveMaximum;
        if (maximum > Most) throw new NotOfferedException($"the broker's Receive Maximum is {maximum}, and more than {Most} are not tried");

        var publisher = await check.ConnectAsync("pub");
        var bytes = new List<byte>();
        for (var i = 1; i <= maximum + 1; i++) bytes.AddRange(Publish(check.Version, check.Topic("a"), "x", qos: 2, id: (ushort)i));
        await publisher.SendAsync([.. bytes]);
        for (var i = 1; i <= maximum; i++) await publisher.ExpectAcknowledgementAsync(PacketType.Pubrec, (ushort)i);
        await publisher.ExpectCloseAsync($"{maximum + 1} open messages at a Receive Maximum of {maximum}", ReasonCode.ReceiveMaximumExceeded, ReasonCode.QuotaExceeded);
    }

    private static async Task MaximumPacketSizeAsync(CheckContext check)
    {
        const int Size = 200;
        var topic = check.Topic("a");
        var subscriber = await check.ConnectAsync("sub", new RawConnect { Properties = properties => properties.Add(PropertyId.MaximumPacketSize, Size) });
        await subscriber.SubscribeAsync(topic);
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, new string('x', Size));
        await publisher.PublishAsync(topic, "small");
        await subscriber.ExpectPublishAsync(topic, "small");
    }

    private static async Task ProblemInformationAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync(connect: new RawConnect { Properties = properties => properties.Add(PropertyId.RequestProblemInformation, 0) });
        var unsuback = await peer.UnsubscribeAsync(check.Topic("never"));
        Check.That(unsuback.String(PropertyId.ReasonString) is null && !unsuback.Properties.Contains(PropertyId.UserProperty), "UNSUBACK has a Reason String or User Property");
    }

    private static async Task RefusedIsSettledAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 2);
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "refused", qos: 2);
        var id = (await away.ExpectUnacknowledgedAsync(topic, "refused")).Publish.PacketId;
        await away.SendAsync(0x50, 3, (byte)(id >> 8), (byte)id, (byte)ReasonCode.ImplementationSpecificError);
        await away.PingAsync();
        await away.DisposeAsync();
        await (await check.ConnectPersistentAsync("away")).ExpectNothingAsync("the client had refused it");
    }

    private static Action<PropertyBuilder> Alias(ushort alias) => properties => properties.Add(PropertyId.TopicAlias, alias);
}
