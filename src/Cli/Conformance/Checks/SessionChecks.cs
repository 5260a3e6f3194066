using Avocet.Protocol;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>Sessions: what outlives a connection.</summary>
internal static class SessionChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("session-new", "Without a session to go on with, Session Present is 0", ["MQTT-3.1.2-6", "MQTT-3.2.2-3"], ["MQTT-3.1.2-4", "MQTT-3.2.2-3"], NewAsync),
        new("session-resumed", "A session goes on, with its subscriptions and what came meanwhile",
            ["MQTT-3.1.2-5", "MQTT-3.1.2-23", "MQTT-3.2.2-3", "MQTT-4.5.0-1"], ["MQTT-3.1.2-4", "MQTT-3.1.2-5", "MQTT-3.2.2-2", "MQTT-4.5.0-1"], ResumedAsync) { Needs = Feature.Qos1 },
        new("session-clean-start", "Clean Start throws the old session away", ["MQTT-3.1.2-4", "MQTT-3.2.2-2", "MQTT-3.1.4-4"],
            ["MQTT-3.1.2-6", "MQTT-3.2.2-1", "MQTT-3.1.4-3"], CleanStartAsync) { Needs = Feature.Qos1 },
        new("session-expiry-0", "Without a Session Expiry Interval the session ends with the connection", ["MQTT-4.1.0-2"], [], check => ExpiryAsync(check, 0)),
        new("session-expiry-1", "A session ends when its Session Expiry Interval is over", ["MQTT-4.1.0-2"], [], check => ExpiryAsync(check, 1)),
        new("session-clean-leaves-nothing", "Clean Session 1 leaves nothing behind", [], ["MQTT-3.1.2-6"], check => ExpiryAsync(check, 0)),
        new("session-resends-publish", "An open PUBLISH is sent again with DUP 1 when the session resumes", ["MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-4.3.2-3"],
            ["MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-4.3.2-1"], ResendsPublishAsync) { Needs = Feature.Qos1 },
        new("session-resends-in-order", "What is sent again keeps its order", ["MQTT-4.6.0-1"], ["MQTT-4.6.0-1"], ResendsInOrderAsync) { Needs = Feature.Qos1 },
        new("session-resends-pubrel", "An open PUBREL is sent again, and not its PUBLISH", ["MQTT-4.4.0-1", "MQTT-4.3.3-5", "MQTT-4.3.3-6"],
            ["MQTT-4.4.0-1", "MQTT-4.3.3-1"], ResendsPubrelAsync) { Needs = Feature.Qos2 },
        new("session-remembers-publish", "A QoS 2 PUBLISH repeated on the next connection is not delivered twice", ["MQTT-4.3.3-10"], ["MQTT-4.3.3-2"], RemembersPublishAsync) { Needs = Feature.Qos2 },
    ];

    private static async Task NewAsync(CheckContext check)
    {
        var peer = await check.ConnectPersistentAsync("new");
        Check.That(!peer.Connack!.Connack.SessionPresent, "Session Present is 1 although there was no session");
    }

    private static async Task ResumedAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 1);
        await away.DisconnectAsync();
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, "one", qos: 1);
        await publisher.PublishAsync(topic, "two", qos: 1);

        var back = await check.ConnectPersistentAsync("away");
        Check.That(back.Connack!.Connack.SessionPresent, "Session Present is 0 although the session was to be kept");
        await back.ExpectPublishAsync(topic, "one");
        await back.ExpectPublishAsync(topic, "two");
        await publisher.PublishAsync(topic, "three", qos: 1);
        await back.ExpectPublishAsync(topic, "three");
    }

    private static async Task CleanStartAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 1);
        await away.DisconnectAsync();
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "old", qos: 1);

        var back = await check.ConnectAsync("away");
        Check.That(!back.Connack!.Connack.SessionPresent, "Session Present is 1 although the client asked for a new session");
        await back.ExpectNothingAsync("a new session has messages of the old one");
    }

    private static async Task ExpiryAsync(CheckContext check, uint seconds)
    {
        var peer = await check.ConnectAsync("away", new RawConnect { SessionExpirySeconds = seconds });
        await peer.SubscribeAsync(check.Topic("a"), 0);
        await peer.DisconnectAsync();
        if (seconds > 0)
        {
            var back = await check.ConnectAsync("away", new RawConnect { IsClean = false, SessionExpirySeconds = seconds });
            Check.That(back.Connack!.Connack.SessionPresent, "the session was gone at once");
            await back.DisconnectAsync();

            // Brokers may look at what has expired now and then only.
            await Task.Delay(TimeSpan.FromSeconds(seconds + 1.5), check.CancellationToken);
        }

        var later = await check.ConnectAsync("away", new RawConnect { IsClean = false });
        Check.That(!later.Connack!.Connack.SessionPresent, "the session is still there");
    }

    private static async Task ResendsPublishAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 1);
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "open", qos: 1);
        var first = await away.ExpectUnacknowledgedAsync(topic, "open");
        await away.DisposeAsync();

        var back = await check.ConnectPersistentAsync("away");
        var again = await back.ExpectUnacknowledgedAsync(topic, "open");
        Check.That(again.Publish.PacketId == first.Publish.PacketId, $"it has the identifier {again.Publish.PacketId} instead of {first.Publish.PacketId}");
        Check.That(again.Publish.Dup, "it has DUP 0");
        await back.AcknowledgeAsync(again);
        await back.PingAsync();
        await back.DisconnectAsync();

        var last = await check.ConnectPersistentAsync("away");
        await last.ExpectNothingAsync("a message that was acknowledged came again");
    }

    private static async Task ResendsInOrderAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 1);
        var publisher = await check.ConnectAsync("pub");
        for (var i = 0; i < 10; i++) await publisher.PublishAsync(topic, $"{i}", qos: 1);
        for (var i = 0; i < 10; i++) await away.ExpectUnacknowledgedAsync(topic, $"{i}");
        await away.DisposeAsync();

        var back = await check.ConnectPersistentAsync("away");
        for (var i = 0; i < 10; i++) await back.ExpectPublishAsync(topic, $"{i}");
    }

    private static async Task ResendsPubrelAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var away = await check.ConnectPersistentAsync("away");
        await away.SubscribeAsync(topic, 2);
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "open", qos: 2);
        var publish = await away.ExpectUnacknowledgedAsync(topic, "open");
        var id = publish.Publish.PacketId;
        await away.SendAsync(Acknowledgement(PacketType.Pubrec, id));
        await away.ExpectAcknowledgementAsync(PacketType.Pubrel, id);
        await away.DisposeAsync();

        var back = await check.ConnectPersistentAsync("away");
        await back.ExpectAcknowledgementAsync(PacketType.Pubrel, id);
        await back.SendAsync(Acknowledgement(PacketType.Pubcomp, id));
        await back.ExpectNothingAsync("the PUBLISH came again behind PUBREL");
    }

    private static async Task RemembersPublishAsync(CheckContext check)
    {
        var topic = check.Topic("a");
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic, 2);
        var publisher = await check.ConnectPersistentAsync("pub");
        await publisher.SendAsync(Publish(check.Version, topic, "once", qos: 2, id: 7));
        await publisher.ExpectAcknowledgementAsync(PacketType.Pubrec, 7);
        await publisher.DisposeAsync();

        var back = await check.ConnectPersistentAsync("pub");
        await back.SendAsync(Publish(check.Version, topic, "once", qos: 2, id: 7, dup: true));
        await back.ExpectAcknowledgementAsync(PacketType.Pubrec, 7);
        await back.SendAsync(Acknowledgement(PacketType.Pubrel, 7));
        await back.ExpectAcknowledgementAsync(PacketType.Pubcomp, 7);
        await subscriber.ExpectPublishAsync(topic, "once");
        await subscriber.ExpectNothingAsync("the message came twice");
    }
}
