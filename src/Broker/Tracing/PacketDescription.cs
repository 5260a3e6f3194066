using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Tracing;

/// <summary>A packet in words. Passwords and authentication data are left out always, payloads where they are not asked for.</summary>
internal sealed class PacketDescription
{
    private const int TextLengthMax = 1024;
    private const int PayloadBytesMax = 4096;

    private readonly Dictionary<string, string> _fields = [];
    private readonly bool _withPayloads;

    private PacketDescription(bool withPayloads) => _withPayloads = withPayloads;

    public IReadOnlyDictionary<string, string> Fields => _fields;

    public string Summary { get; private set; } = "";

    /// <param name="header">The fixed header.</param>
    /// <param name="body">What follows it.</param>
    /// <param name="version">The client's version.</param>
    /// <param name="topic">The topic where the packet has only an alias; else null.</param>
    /// <param name="withPayloads">Whether payloads are shown.</param>
    public static PacketDescription Of(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, string? topic, bool withPayloads)
    {
        var description = new PacketDescription(withPayloads);
        description.Add("bytes", header.PacketSize);
        if (description.Describe(header, body, version, topic) is var error && error != default)
        {
            description.Summary = $"not valid: {error}";
            description.Add("problem", error.ToString());
        }

        return description;
    }

    private DecodeError Describe(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, string? topic)
    {
        switch (header.Type)
        {
            case PacketType.Connect:
                if (ConnectPacket.TryDecode(header, body, out var connect, out var error)) Describe(connect);
                return error;

            case PacketType.Connack:
                if (ConnackPacket.TryDecode(header, body, version, out var connack, out error)) Describe(connack, version);
                return error;

            case PacketType.Publish:
                if (PublishPacket.TryDecode(header, body, version, out var publish, out error)) Describe(publish, topic);
                return error;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                if (AcknowledgementPacket.TryDecode(header, body, version, out var acknowledgement, out error)) Describe(acknowledgement);
                return error;

            case PacketType.Subscribe:
                if (SubscribePacket.TryDecode(header, body, version, out var subscribe, out error)) Describe(subscribe);
                return error;

            case PacketType.Unsubscribe:
                if (UnsubscribePacket.TryDecode(header, body, version, out var unsubscribe, out error)) Describe(unsubscribe);
                return error;

            case PacketType.Suback or PacketType.Unsuback:
                if (SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out var answer, out error)) Describe(answer);
                return error;

            case PacketType.Disconnect:
                if (DisconnectPacket.TryDecode(header, body, version, out var disconnect, out error)) Describe(disconnect.Reason, disconnect.Properties);
                return error;

            case PacketType.Auth:
                if (AuthPacket.TryDecode(header, body, version, out var auth, out error)) Describe(auth.Reason, auth.Properties);
                return error;

            default:
                return default;
        }
    }

    private void Describe(in ConnectPacket packet)
    {
        Add("version", packet.Version.ToString());
        Add("client_id", TextOf(packet.ClientId));
        Add("clean_start", packet.CleanStart);
        Add("keep_alive", packet.KeepAliveSeconds);
        if (packet.HasUserName) Add("user_name", TextOf(packet.UserName));
        Add("password", packet.HasPassword ? "given" : "none");
        if (packet.HasWill)
        {
            Add("will_topic", TextOf(packet.WillTopic));
            Add("will_qos", (int)packet.WillQos);
            Add("will_retain", packet.WillRetain);
            AddPayload("will_payload", packet.WillPayload, isSecret: false);
        }

        Add(packet.Properties, "");
        Add(packet.WillProperties, "will_");
        Summary = $"client '{TextOf(packet.ClientId)}'{(packet.HasUserName ? $", user '{TextOf(packet.UserName)}'" : "")}, keep alive {packet.KeepAliveSeconds} s{(packet.CleanStart ? ", clean start" : "")}{(packet.HasWill ? ", with a will" : "")}";
    }

    private void Describe(in ConnackPacket packet, ProtocolVersion version)
    {
        var code = version == ProtocolVersion.V50 ? ((ReasonCode)packet.Code).Describe() : $"code {packet.Code}";
        Add("code", code);
        Add("session_present", packet.SessionPresent);
        Add(packet.Properties, "");
        Summary = code + (packet.SessionPresent ? ", session present" : "");
    }

    private void Describe(in PublishPacket packet, string? known)
    {
        var topic = packet.TopicName.IsEmpty ? known ?? "" : TextOf(packet.TopicName);
        Add("topic", topic);
        Add("qos", (int)packet.Qos);
        if (packet.Qos != Qos.AtMostOnce) Add("packet_id", packet.PacketId);
        Add("retain", packet.Retain);
        Add("dup", packet.Dup);
        Add("payload_bytes", packet.Payload.Length);
        // Commands of dynamic security hold passwords.
        AddPayload("payload", packet.Payload, isSecret: topic.StartsWith("$CONTROL/", StringComparison.Ordinal));
        Add(packet.Properties, "");
        Summary = $"{topic}, QoS {(int)packet.Qos}{(packet.Qos != Qos.AtMostOnce ? $", id {packet.PacketId}" : "")}{(packet.Retain ? ", retain" : "")}{(packet.Dup ? ", dup" : "")}, {packet.Payload.Length} bytes";
    }

    private void Describe(in AcknowledgementPacket packet)
    {
        Add("packet_id", packet.PacketId);
        Add("reason", packet.Reason.Describe());
        Add(packet.Properties, "");
        Summary = $"id {packet.PacketId}, {packet.Reason.Describe()}";
    }

    private void Describe(in SubscribePacket packet)
    {
        List<string> filters = [];
        foreach (var request in packet)
        {
            var options = request.Options;
            filters.Add($"{TextOf(request.TopicFilter)} (QoS {(int)options.MaximumQos}{(options.NoLocal ? ", no local" : "")}{(options.RetainAsPublished ? ", retain as published" : "")})");
        }

        Add("packet_id", packet.PacketId);
        Add("filters", string.Join("; ", filters));
        Add(packet.Properties, "");
        Summary = Cut($"id {packet.PacketId}: {string.Join("; ", filters)}");
    }

    private void Describe(in UnsubscribePacket packet)
    {
        List<string> filters = [];
        foreach (var filter in packet) filters.Add(TextOf(filter));

        Add("packet_id", packet.PacketId);
        Add("filters", string.Join("; ", filters));
        Add(packet.Properties, "");
        Summary = Cut($"id {packet.PacketId}: {string.Join("; ", filters)}");
    }

    private void Describe(in SubscriptionAcknowledgementPacket packet)
    {
        List<string> reasons = [];
        foreach (var code in packet.ReasonCodes) reasons.Add(((ReasonCode)code).Describe());

        Add("packet_id", packet.PacketId);
        Add("reasons", string.Join("; ", reasons));
        Add(packet.Properties, "");
        Summary = Cut($"id {packet.PacketId}: {string.Join("; ", reasons)}");
    }

    private void Describe(ReasonCode reason, PropertyBlock properties)
    {
        Add("reason", reason.Describe());
        Add(properties, "");
        Summary = reason.Describe();
    }

    private void Add(PropertyBlock block, string prefix)
    {
        foreach (var property in block)
        {
            var name = prefix + JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Id.ToString());
            switch (property.Id)
            {
                case PropertyId.UserProperty:
                    var pair = $"{TextOf(property.Bytes)}={TextOf(property.PairValue)}";
                    Add(name, _fields.TryGetValue(name, out var before) ? $"{before}; {pair}" : pair);
                    break;

                case PropertyId.AuthenticationData:
                    Add(name, $"{property.Bytes.Length} bytes");
                    break;

                case PropertyId.CorrelationData:
                    Add(name, Convert.ToHexString(property.Bytes[..Math.Min(property.Bytes.Length, TextLengthMax / 2)]));
                    break;

                default:
                    if (property.Bytes.IsEmpty) Add(name, property.Integer);
                    else Add(name, TextOf(property.Bytes));
                    break;
            }
        }
    }

    private void AddPayload(string name, ReadOnlySpan<byte> payload, bool isSecret)
    {
        if (!_withPayloads || isSecret) return;

        var shown = payload[..Math.Min(payload.Length, PayloadBytesMax)];
        if (Utf8.IsValid(shown)) _fields[name] = Encoding.UTF8.GetString(shown);
        else _fields[name + "_base64"] = Convert.ToBase64String(shown);
    }

    private void Add(string name, bool value) => _fields[name] = value ? "true" : "false";

    private void Add(string name, long value) => _fields[name] = value.ToString(CultureInfo.InvariantCulture);

    private void Add(string name, string value) => _fields[name] = Cut(value);

    private static string TextOf(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static string Cut(string text) => text.Length <= TextLengthMax ? text : $"{text[..TextLengthMax]}… ({text.Length} characters)";
}
