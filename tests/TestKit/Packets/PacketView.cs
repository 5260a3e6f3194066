using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>One field of a packet in words, for comparing and for printing.</summary>
public readonly record struct PacketField(string Name, string Value);

/// <summary>One property of a packet; <paramref name="Text"/> holds any value, <paramref name="Integer"/> those that are numbers.</summary>
public readonly record struct PacketProperty(PropertyId Id, uint Integer, string Text);

/// <summary>A whole packet taken apart into fields. Built from bytes, so that what was sent and what was expected go the same way.</summary>
public sealed class PacketView
{
    private PacketView(byte[] bytes, PacketType type)
    {
        Bytes = bytes;
        Type = type;
    }

    public byte[] Bytes { get; }

    public PacketType Type { get; }

    /// <summary>The fields without properties.</summary>
    public IReadOnlyList<PacketField> Fields { get; private set; } = [];

    /// <summary>The properties in the order of the packet.</summary>
    public IReadOnlyList<PacketProperty> Properties { get; private set; } = [];

    public ushort PacketId { get; private set; }

    /// <summary>The reason code; for CONNACK before 5.0 the return code.</summary>
    public ReasonCode Reason { get; private set; }

    public bool SessionPresent { get; private set; }

    public Qos Qos { get; private set; }

    public bool Dup { get; private set; }

    public bool Retain { get; private set; }

    public string TopicName { get; private set; } = "";

    public byte[] Payload { get; private set; } = [];

    public string PayloadText => Encoding.UTF8.GetString(Payload);

    /// <summary>Why the bytes are no valid packet; null when they are.</summary>
    public DecodeError? Error { get; private set; }

    /// <summary>The value of an integer property; null when the packet has none.</summary>
    public uint? Integer(PropertyId id) => Has(id) ? Properties.First(property => property.Id == id).Integer : null;

    /// <summary>The value of a string property; null when the packet has none.</summary>
    public string? Text(PropertyId id) => Has(id) ? Properties.First(property => property.Id == id).Text : null;

    public bool Has(PropertyId id) => Properties.Any(property => property.Id == id);

    /// <summary>Takes a packet apart; one that does not decode has <see cref="Error"/>.</summary>
    public static PacketView Of(byte[] bytes, ProtocolVersion version)
    {
        if (FixedHeader.TryRead(bytes, out var header) != DecodeStatus.Done) throw new ArgumentException("The bytes are no whole packet.", nameof(bytes));

        var view = new PacketView(bytes, header.Type);
        var error = view.Decode(header, bytes.AsSpan(header.Size), version);
        if (error != default) view.Error = error;
        return view;
    }

    /// <summary>The packet for a failing test: its name, the fields, and the bytes as hex.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Type.ToString().ToUpperInvariant());
        foreach (var field in Fields) text.Append(' ').Append(field.Name).Append('=').Append(Shorten(field.Value));
        foreach (var property in Properties) text.Append(" [").Append(property.Id).Append(' ').Append(Shorten(property.Text)).Append(']');
        if (Error is not null) text.Append(" INVALID: ").Append(Error);
        return text.AppendLine().Append(HexText.Dump(Bytes)).ToString();
    }

    private DecodeError Decode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version)
    {
        switch (header.Type)
        {
            case PacketType.Connect:
                if (ConnectPacket.TryDecode(header, body, out var connect, out var error)) Describe(connect);
                return error;

            case PacketType.Connack:
                if (ConnackPacket.TryDecode(header, body, version, out var connack, out error)) Describe(connack);
                return error;

            case PacketType.Publish:
                if (PublishPacket.TryDecode(header, body, version, out var publish, out error)) Describe(publish);
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
                EmptyPacket.TryDecode(header, version, out error);
                return error;
        }
    }

    private void Describe(in ConnectPacket packet)
    {
        Fields =
        [
            new("version", packet.Version.ToString()),
            new("cleanStart", packet.CleanStart.ToString()),
            new("keepAlive", packet.KeepAliveSeconds.ToString(provider: null)),
            new("clientId", TextOf(packet.ClientId)),
            new("will", packet.HasWill ? $"{TextOf(packet.WillTopic)} {packet.WillQos} retain={packet.WillRetain} {TextOf(packet.WillPayload)}" : "none"),
            new("userName", packet.HasUserName ? TextOf(packet.UserName) : "none"),
        ];
        Properties = [.. Read(packet.Properties), .. Read(packet.WillProperties)];
    }

    private void Describe(in ConnackPacket packet)
    {
        SessionPresent = packet.SessionPresent;
        Reason = (ReasonCode)packet.Code;
        Fields = [new("sessionPresent", SessionPresent.ToString()), new("code", $"0x{packet.Code:X2}")];
        Properties = Read(packet.Properties);
    }

    private void Describe(in PublishPacket packet)
    {
        (Dup, Qos, Retain, PacketId) = (packet.Dup, packet.Qos, packet.Retain, packet.PacketId);
        TopicName = TextOf(packet.TopicName);
        Payload = packet.Payload.ToArray();
        Fields =
        [
            new("topicName", TopicName),
            new("qos", ((int)Qos).ToString(provider: null)),
            new("packetId", PacketId.ToString(provider: null)),
            new("dup", Dup.ToString()),
            new("retain", Retain.ToString()),
            new("payload", Payload.All(b => b is >= 0x20 and < 0x7F) ? $"\"{PayloadText}\"" : Convert.ToHexString(Payload)),
        ];
        Properties = Read(packet.Properties);
    }

    private void Describe(in AcknowledgementPacket packet)
    {
        (PacketId, Reason) = (packet.PacketId, packet.Reason);
        Fields = [new("packetId", PacketId.ToString(provider: null)), new("reason", Reason.Describe())];
        Properties = Read(packet.Properties);
    }

    private void Describe(in SubscribePacket packet)
    {
        PacketId = packet.PacketId;
        var fields = new List<PacketField> { new("packetId", PacketId.ToString(provider: null)) };
        foreach (var request in packet) fields.Add(new("filter", $"{TextOf(request.TopicFilter)} 0x{request.Options.Encoded:X2}"));
        Fields = fields;
        Properties = Read(packet.Properties);
    }

    private void Describe(in UnsubscribePacket packet)
    {
        PacketId = packet.PacketId;
        var fields = new List<PacketField> { new("packetId", PacketId.ToString(provider: null)) };
        foreach (var filter in packet) fields.Add(new("filter", TextOf(filter)));
        Fields = fields;
        Properties = Read(packet.Properties);
    }

    private void Describe(in SubscriptionAcknowledgementPacket packet)
    {
        PacketId = packet.PacketId;
        Fields = [new("packetId", PacketId.ToString(provider: null)), new("codes", Convert.ToHexString(packet.ReasonCodes))];
        Properties = Read(packet.Properties);
    }

    private void Describe(ReasonCode reason, PropertyBlock properties)
    {
        Reason = reason;
        Fields = [new("reason", reason.Describe())];
        Properties = Read(properties);
    }

    private static List<PacketProperty> Read(PropertyBlock block)
    {
        var properties = new List<PacketProperty>();
        foreach (var property in block)
        {
            var text = PropertyTable.TypeOf(property.Id) switch
            {
                PropertyType.StringPair => $"\"{TextOf(property.Bytes)}\"=\"{TextOf(property.PairValue)}\"",
                PropertyType.Utf8String => TextOf(property.Bytes),
                PropertyType.BinaryData => Convert.ToHexString(property.Bytes),
                _ => property.Integer.ToString(provider: null),
            };
            properties.Add(new PacketProperty(property.Id, property.Integer, text));
        }

        return properties;
    }

    private static string TextOf(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static string Shorten(string value) => value.Length <= 200 ? value : $"{value[..200]}… ({value.Length} characters)";
}
