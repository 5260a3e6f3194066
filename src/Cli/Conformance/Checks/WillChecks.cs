using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>Wills.</summary>
internal static class WillChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("will-published", "The will is published when the connection breaks", ["MQTT-3.1.2-7", "MQTT-3.1.2-8"], ["MQTT-3.1.2-8"], PublishedAsync),
        new("will-qos", "The will comes at its QoS", ["MQTT-3.1.2-8", "MQTT-3.1.2-9"], ["MQTT-3.1.2-8", "MQTT-3.1.2-9"], AtItsQosAsync) { Needs = Feature.Qos1 },
        new("will-deleted", "DISCONNECT takes the will away", ["MQTT-3.14.4-3", "MQTT-3.1.2-10"], ["MQTT-3.14.4-3", "MQTT-3.1.2-10"], DeletedAsync),
        new("will-disconnect-4", "DISCONNECT with reason 0x04 publishes the will", ["MQTT-3.1.2-8"], [], Disconnect4Async),
        new("will-protocol-error", "A protocol error publishes the will", ["MQTT-3.1.2-8"], ["MQTT-3.1.2-8"], ProtocolErrorAsync),
        new("will-keep-alive", "Silence beyond Keep Alive publishes the will", ["MQTT-3.1.2-8", "MQTT-3.1.2-22"], ["MQTT-3.1.2-8", "MQTT-3.1.2-24"], KeepAliveAsync),
        new("will-retained", "With Will Retain 1 the will is retained", ["MQTT-3.1.2-15"], ["MQTT-3.1.2-17"], check => RetainAsync(check, true)) { Needs = Feature.Retain },
        new("will-not-retained", "With Will Retain 0 the will is not retained", ["MQTT-3.1.2-14"], ["MQTT-3.1.2-16"], check => RetainAsync(check, false)) { Needs = Feature.Retain },
        new("will-delayed", "A will waits for its Will Delay Interval", ["MQTT-3.1.2-8"], [], DelayedAsync),
        new("will-delay-cancelled", "Who comes back within the Will Delay Interval has no will published", ["MQTT-3.1.3-9"], [], DelayCancelledAsync),
        new("will-session-end", "A delayed will is published at once when its session ends", ["MQTT-3.1.2-8"], [], SessionEndAsync),
        new("will-properties", "The properties of a will come out, User Properties in their order", ["MQTT-3.1.3-10"], [], PropertiesAsync),
    ];

    private static async Task<RawPeer> WitnessAsync(CheckContext check, string topic, int qos = 0, int patience = 1)
    {
        var witness = await check.ConnectAsync("witness", patience: patience);
        await witness.SubscribeAsync(topic, qos);
        return witness;
    }

    private static async Task PublishedAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        var dying = await check.ConnectAsync("dying", new RawConnect { WillTopic = topic, WillPayload = "gone" });
        await witness.ExpectNothingAsync("the client is still there");
        await dying.DisposeAsync();
        await witness.ExpectPublishAsync(topic, "gone");
        await witness.ExpectNothingAsync("the will came twice");
    }

    private static async Task AtItsQosAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic, 1);
        await (await check.ConnectAsync("dying", new RawConnect { WillTopic = topic, WillQos = 1 })).DisposeAsync();
        var packet = await witness.ExpectPublishAsync(topic, "will");
        Check.That((int)packet.Publish.Qos == 1, $"it has QoS {(int)packet.Publish.Qos}");
    }

    private static async Task DeletedAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        await (await check.ConnectAsync("leaving", new RawConnect { WillTopic = topic })).DisconnectAsync();
        await witness.ExpectNothingAsync("the client said DISCONNECT");
    }

    private static async Task Disconnect4Async(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        var leaving = await check.ConnectAsync("leaving", new RawConnect { WillTopic = topic });
        await leaving.SendAsync(0xE0, 1, 4);
        await witness.ExpectPublishAsync(topic, "will");
    }

    private static async Task ProtocolErrorAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        var wrong = await check.ConnectAsync("wrong", new RawConnect { WillTopic = topic });
        await wrong.SendAsync(check.Encode(new RawConnect(), wrong.ClientId));
        await wrong.ExpectCloseAsync("a second CONNECT");
        await witness.ExpectPublishAsync(topic, "will");
    }

    private static async Task KeepAliveAsync(CheckContext check)
    {
        if (check.Features.ServerKeepAlive is { } seconds) throw new NotOfferedException($"the broker sets a Server Keep Alive of {seconds} s");

        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic, patience: 3);
        await check.ConnectAsync("silent", new RawConnect { WillTopic = topic, KeepAliveSeconds = 1 });
        await witness.ExpectPublishAsync(topic, "will");
    }

    private static async Task RetainAsync(CheckContext check, bool isRetained)
    {
        var topic = check.RetainedTopic("will");
        var witness = await WitnessAsync(check, topic);
        await (await check.ConnectAsync("dying", new RawConnect { WillTopic = topic, WillRetain = isRetained })).DisposeAsync();
        await witness.ExpectPublishAsync(topic, "will");
        var later = await check.ConnectAsync("later");
        await later.SubscribeAsync(topic);
        if (isRetained) await later.ExpectPublishAsync(topic, "will");
        else await later.ExpectNothingAsync("the will was not to be retained");
    }

    private static Task<RawPeer> ConnectDelayedAsync(CheckContext check, string topic, uint seconds) => check.ConnectAsync(
        "dying",
        new RawConnect
        {
            WillTopic = topic,
            IsClean = false,
            SessionExpirySeconds = 600,
            WillProperties = properties => properties.Add(PropertyId.WillDelayInterval, seconds),
        });

    private static async Task DelayedAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic, patience: 3);
        await (await ConnectDelayedAsync(check, topic, 2)).DisposeAsync();
        await witness.ExpectNothingAsync("the Will Delay Interval is not over");
        await witness.ExpectPublishAsync(topic, "will");
    }

    private static async Task DelayCancelledAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        await (await ConnectDelayedAsync(check, topic, 1)).DisposeAsync();
        await check.ConnectPersistentAsync("dying");

        // Brokers may look at what is due now and then only.
        await Task.Delay(TimeSpan.FromSeconds(2.5), check.CancellationToken);
        await witness.ExpectNothingAsync("the client came back before its will was due");
    }

    private static async Task SessionEndAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        await (await ConnectDelayedAsync(check, topic, 600)).DisposeAsync();
        await check.ConnectAsync("dying");
        await witness.ExpectPublishAsync(topic, "will");
    }

    private static async Task PropertiesAsync(CheckContext check)
    {
        var topic = check.Topic("will");
        var witness = await WitnessAsync(check, topic);
        var connect = new RawConnect
        {
            WillTopic = topic,
            WillProperties = properties => properties.Add(PropertyId.ContentType, "text/plain").AddUserProperty("b", "1").AddUserProperty("a", "2").AddUserProperty("b", "3"),
        };
        await (await check.ConnectAsync("dying", connect)).DisposeAsync();
        var packet = await witness.ExpectPublishAsync(topic);
        Check.That(packet.String(PropertyId.ContentType) == "text/plain", "it came without its Content Type");
        PropertyChecks.ExpectUserProperties(packet, "b=1", "a=2", "b=3");
    }
}
