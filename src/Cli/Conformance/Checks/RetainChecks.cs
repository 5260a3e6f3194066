using Avocet.Protocol;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>Retained messages.</summary>
internal static class RetainChecks
{
    private const int RetainAsPublished = 0x08, SendIfNew = 0x10, DoNotSend = 0x20;

    public static IReadOnlyList<Check> All { get; } = [.. Rows.Select(check => check with { Needs = check.Needs | Feature.Retain })];

    private static Check[] Rows =>
    [
        new("retain-sent", "A new subscription gets the retained message, with RETAIN 1", ["MQTT-3.3.1-5", "MQTT-3.3.1-9"],
            ["MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-8"], SentAsync) { Needs = Feature.Qos1 },
        new("retain-replaced", "The last retained message of a topic counts", ["MQTT-3.3.1-5"], ["MQTT-3.3.1-6", "MQTT-3.3.1-7"], ReplacedAsync),
        new("retain-wildcard", "A filter gets the retained message of each topic it matches", ["MQTT-3.3.1-9"], ["MQTT-3.3.1-6"], WildcardAsync) { Needs = Feature.Wildcards },
        new("retain-live", "What is sent to an established subscription has RETAIN 0", ["MQTT-3.3.1-12"], ["MQTT-3.3.1-9"], LiveAsync),
        new("retain-cleared", "An empty retained message is delivered and clears the topic", ["MQTT-3.3.1-6", "MQTT-3.3.1-7"], ["MQTT-3.3.1-10", "MQTT-3.3.1-11"], ClearedAsync),
        new("retain-kept", "A message without RETAIN leaves the retained one as it is", ["MQTT-3.3.1-8"], ["MQTT-3.3.1-12"], KeptAsync),
        new("retain-outlives-session", "A retained message outlives the session it came from", ["MQTT-3.3.1-5"], ["MQTT-3.1.2-7"], OutlivesSessionAsync),
        new("retain-again", "Subscribing again sends retained messages again", ["MQTT-3.8.4-4", "MQTT-3.3.1-9"], ["MQTT-3.8.4-3"], AgainAsync),
        new("retain-handling-1", "Retain Handling 1 sends retained messages to new subscriptions only", ["MQTT-3.3.1-10"], [], HandlingIfNewAsync),
        new("retain-handling-2", "Retain Handling 2 sends no retained messages", ["MQTT-3.3.1-11"], [], HandlingNeverAsync),
        new("retain-as-published", "With Retain As Published, live messages keep RETAIN", ["MQTT-3.3.1-13"], [], AsPublishedAsync),
    ];

    private static async Task SentAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "kept", qos: 1, retain: true);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic, 1);
        var packet = await subscriber.ExpectPublishAsync(topic, "kept");
        Check.That(packet.Publish.Retain, "it has RETAIN 0");
        Check.That(packet.Publish.Qos == Qos.AtLeastOnce, $"it has QoS {(int)packet.Publish.Qos} instead of 1");
    }

    private static async Task ReplacedAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, "old", retain: true);
        await publisher.PublishAsync(topic, "new", retain: true);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic);
        await subscriber.ExpectPublishAsync(topic, "new");
        await subscriber.ExpectNothingAsync("a second retained message came");
    }

    private static async Task WildcardAsync(CheckContext check)
    {
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(check.RetainedTopic("a/x"), "x", retain: true);
        await publisher.PublishAsync(check.RetainedTopic("a/y/z"), "z", retain: true);
        await publisher.PublishAsync(check.RetainedTopic("b/x"), "not", retain: true);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(check.Topic("a/#"));
        string[] got = [(await subscriber.ExpectPublishAsync()).Text, (await subscriber.ExpectPublishAsync()).Text];
        Check.That(got.Order().SequenceEqual(["x", "z"]), $"'{got[0]}' and '{got[1]}' came instead of x and z");
        await subscriber.ExpectNothingAsync("a further retained message came");
    }

    private static async Task LiveAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var (subscriber, publisher) = await check.PairAsync(topic);
        await publisher.PublishAsync(topic, "live", retain: true);
        Check.That(!(await subscriber.ExpectPublishAsync(topic, "live")).Publish.Retain, "it has RETAIN 1");
    }

    private static async Task ClearedAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, "kept", retain: true);
        var witness = await check.ConnectAsync("witness");
        await witness.SubscribeAsync(topic);
        await witness.ExpectPublishAsync(topic, "kept");
        await publisher.PublishAsync(topic, "", retain: true);
        await witness.ExpectPublishAsync(topic, "");

        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic);
        await subscriber.ExpectNothingAsync("the topic was cleared");
    }

    private static async Task KeptAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, "kept", retain: true);
        await publisher.PublishAsync(topic, "passing");
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic);
        await subscriber.ExpectPublishAsync(topic, "kept");
    }

    private static async Task OutlivesSessionAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var publisher = await check.ConnectAsync("pub");
        await publisher.PublishAsync(topic, "kept", retain: true);
        await publisher.DisconnectAsync();
        await (await check.ConnectAsync("pub")).DisconnectAsync();
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic);
        await subscriber.ExpectPublishAsync(topic, "kept");
    }

    private static async Task AgainAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "kept", retain: true);
        var subscriber = await check.ConnectAsync("sub");
        for (var i = 0; i < 2; i++)
        {
            await subscriber.SubscribeAsync(topic);
            await subscriber.ExpectPublishAsync(topic, "kept");
        }
    }

    private static async Task HandlingIfNewAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "kept", retain: true);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic, SendIfNew);
        await subscriber.ExpectPublishAsync(topic, "kept");
        await subscriber.SubscribeAsync(topic, SendIfNew);
        await subscriber.ExpectNothingAsync("the subscription was there already");
    }

    private static async Task HandlingNeverAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        await (await check.ConnectAsync("pub")).PublishAsync(topic, "kept", retain: true);
        var subscriber = await check.ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic, DoNotSend);
        await subscriber.ExpectNothingAsync("the subscription wants no retained messages");
    }

    private static async Task AsPublishedAsync(CheckContext check)
    {
        var topic = check.RetainedTopic("a");
        var (subscriber, publisher) = await check.PairAsync(topic, RetainAsPublished);
        await publisher.PublishAsync(topic, "kept", retain: true);
        Check.That((await subscriber.ExpectPublishAsync(topic, "kept")).Publish.Retain, "a message published with RETAIN 1 came with RETAIN 0");
        await publisher.PublishAsync(topic, "passing");
        Check.That(!(await subscriber.ExpectPublishAsync(topic, "passing")).Publish.Retain, "a message published with RETAIN 0 came with RETAIN 1");
    }
}
