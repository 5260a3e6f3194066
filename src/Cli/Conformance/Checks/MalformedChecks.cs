using Avocet.Protocol;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>Packets that no client may send: each ends the connection.</summary>
internal static class MalformedChecks
{
    private static readonly ReasonCode[] Malformed = [ReasonCode.MalformedPacket, ReasonCode.ProtocolError];

    public static IReadOnlyList<Check> All { get; } =
    [
        Row("malformed-pingreq-flags", "PINGREQ with flags", "MQTT-2.1.3-1", "MQTT-2.2.2-2", _ => [0xC1, 0], Malformed),
        Row("malformed-type-0", "The packet type 0", "MQTT-4.13.1-1", "MQTT-4.8.0-1", _ => [0x00, 0], Malformed),
        Row("malformed-length", "A Remaining Length of five bytes", "MQTT-4.13.1-1", "MQTT-4.8.0-1", _ => [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], Malformed),
        Row("malformed-connack-from-client", "CONNACK from a client", "MQTT-4.13.1-1", "MQTT-4.8.0-1", version => Packet(0x20, [0, 0, .. NoProperties(version)]), Malformed),
        Row("malformed-qos-3", "A PUBLISH of QoS 3", "MQTT-3.3.1-4", "MQTT-3.3.1-4", version => Packet(0x36, [.. String("a"), 0, 1, .. NoProperties(version)]), Malformed),
        Row("malformed-topic-plus", "A topic with +", "MQTT-3.3.2-2", "MQTT-3.3.2-2", version => PublishTo(version, "a/+"u8), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-topic-hash", "A topic with #", "MQTT-3.3.2-2", "MQTT-3.3.2-2", version => PublishTo(version, "a/#"u8), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-topic-empty", "An empty topic", "MQTT-4.7.3-1", "MQTT-4.7.3-1", version => PublishTo(version, ""u8), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-topic-null", "A topic with U+0000", "MQTT-1.5.4-2", "MQTT-1.5.3-2", version => PublishTo(version, "a\0b"u8), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-topic-utf8", "A topic that is not UTF-8", "MQTT-1.5.4-1", "MQTT-1.5.3-1", version => PublishTo(version, [0xC3, 0x28]), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-topic-surrogate", "A topic with a surrogate", "MQTT-1.5.4-1", "MQTT-1.5.3-1", version => PublishTo(version, [0xED, 0xA0, 0x80]), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-publish-id-0", "A QoS 1 PUBLISH with the identifier 0", "MQTT-2.2.1-3", "MQTT-2.3.1-1",
            version => Packet(0x32, [.. String("a"), 0, 0, .. NoProperties(version)]), Malformed),
        Row("malformed-pubrel-flags", "PUBREL with the flags 0000", "MQTT-3.6.1-1", "MQTT-3.6.1-1", _ => [0x60, 2, 0, 1], Malformed),
        Row("malformed-subscribe-flags", "SUBSCRIBE with the flags 0000", "MQTT-3.8.1-1", "MQTT-3.8.1-1",
            version => Packet(0x80, [0, 1, .. NoProperties(version), .. String("a"), 0]), Malformed),
        Row("malformed-subscribe-empty", "SUBSCRIBE without a filter", "MQTT-3.8.3-2", "MQTT-3.8.3-3", version => Packet(0x82, [0, 1, .. NoProperties(version)]), Malformed),
        Row("malformed-subscribe-options", "SUBSCRIBE with reserved bits in its options", "MQTT-3.8.3-5", "MQTT-3.8.3-4",
            version => Packet(0x82, [0, 1, .. NoProperties(version), .. String("a"), 0x40]), Malformed),
        Row("malformed-subscribe-qos-3", "SUBSCRIBE for QoS 3", "MQTT-4.13.1-1", "MQTT-3.8.3-4", version => Packet(0x82, [0, 1, .. NoProperties(version), .. String("a"), 3]), Malformed),
        Row("malformed-subscribe-id-0", "SUBSCRIBE with the identifier 0", "MQTT-2.2.1-3", "MQTT-2.3.1-1",
            version => Packet(0x82, [0, 0, .. NoProperties(version), .. String("a"), 0]), Malformed),
        Row("malformed-subscribe-utf8", "SUBSCRIBE to a filter that is not UTF-8", "MQTT-3.8.3-1", "MQTT-3.8.3-1",
            version => Packet(0x82, [0, 1, .. NoProperties(version), .. String([0xC3, 0x28]), 0]), [.. Malformed, ReasonCode.TopicFilterInvalid]),
        Row("malformed-unsubscribe-flags", "UNSUBSCRIBE with the flags 0000", "MQTT-3.10.1-1", "MQTT-3.10.1-1",
            version => Packet(0xA0, [0, 1, .. NoProperties(version), .. String("a")]), Malformed),
        Row("malformed-unsubscribe-empty", "UNSUBSCRIBE without a filter", "MQTT-3.10.3-2", "MQTT-3.10.3-2", version => Packet(0xA2, [0, 1, .. NoProperties(version)]), Malformed),
        Row("malformed-disconnect-flags", "DISCONNECT with flags", "MQTT-3.14.1-1", "MQTT-3.14.1-1", _ => [0xE1, 0], Malformed),
        Row("malformed-auth", "AUTH of a client that named no method", "MQTT-4.12.0-7", null, _ => [0xF0, 0], Malformed),
        Row("malformed-auth-flags", "AUTH with flags", "MQTT-3.15.1-1", null, _ => [0xF1, 0], Malformed),
        Row("malformed-property", "A PUBLISH with a property of CONNECT", "MQTT-4.13.1-1", null, _ => Packet(0x30, [.. String("a"), 3, 0x21, 0, 1]), Malformed),
        Row("malformed-property-length", "A Property Length beyond the packet", "MQTT-4.13.1-1", null, _ => Packet(0x30, [.. String("a"), 50, 1, 1]), Malformed),
        Row("malformed-property-twice", "Two Content Types", "MQTT-4.13.1-1", null, _ => Packet(0x30, [.. String("a"), 8, 3, .. String("b"), 3, .. String("b")]), Malformed),
        Row("malformed-payload-format", "A Payload Format Indicator of 2", "MQTT-4.13.1-1", null, _ => Packet(0x30, [.. String("a"), 2, 1, 2]), Malformed),
        Row("malformed-user-property-utf8", "A User Property that is not UTF-8", "MQTT-1.5.7-1", null,
            _ => Packet(0x30, [.. String("a"), 8, 0x26, .. String("b"), .. String([0xC3, 0x28]), .. "x"u8]), Malformed),
        Row("malformed-response-topic", "A Response Topic with a wildcard", "MQTT-3.3.2-14", null, _ => Packet(0x30, [.. String("a"), 6, 8, .. String("b/#")]), [.. Malformed, ReasonCode.TopicNameInvalid]),
        Row("malformed-subscription-id", "A PUBLISH with a Subscription Identifier", "MQTT-3.3.4-6", null, _ => Packet(0x30, [.. String("a"), 2, 0x0B, 1]), Malformed),
        Row("malformed-subscription-id-0", "A Subscription Identifier of 0", "MQTT-4.13.1-1", null, _ => Packet(0x82, [0, 1, 2, 0x0B, 0, .. String("a"), 0]), Malformed),
        Row("malformed-puback-reason", "PUBACK with a reason that is none of its own", "MQTT-3.4.2-1", null, _ => [0x40, 3, 0, 1, 0x01], Malformed),
    ];

    private static Check Row(string name, string what, string rule50, string? rule311, Func<ProtocolVersion, byte[]> packet, ReasonCode[] reasons)
    {
        return new Check(name, $"{what} ends the connection", [rule50], rule311 is null ? [] : [rule311], RunAsync);

        async Task RunAsync(CheckContext check)
        {
            var peer = await check.ConnectAsync();
            await peer.SendAsync(packet(check.Version));
            await peer.ExpectCloseAsync(char.ToLowerInvariant(what[0]) == what[0] || char.IsUpper(what[1]) ? what : char.ToLowerInvariant(what[0]) + what[1..], reasons);
        }
    }
}
