using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance;

/// <summary>A packet of the broker, kept.</summary>
internal sealed class RawPacket(FixedHeader header, byte[] body, ProtocolVersion version)
{
    // A field, for what is decoded may refer to it.
    private readonly FixedHeader _header = header;

    public PacketType Type => _header.Type;

    public ConnackPacket Connack => ConnackPacket.TryDecode(_header, body, version, out var packet, out var error) ? packet : throw Malformed(error);

    public PublishPacket Publish => PublishPacket.TryDecode(_header, body, version, out var packet, out var error) ? packet : throw Malformed(error);

    public AcknowledgementPacket Acknowledgement => AcknowledgementPacket.TryDecode(_header, body, version, out var packet, out var error) ? packet : throw Malformed(error);

    public SubscriptionAcknowledgementPacket SubscriptionAcknowledgement => SubscriptionAcknowledgementPacket.TryDecode(_header, body, version, out var packet, out var error) ? packet : throw Malformed(error);

    public DisconnectPacket Disconnect => DisconnectPacket.TryDecode(_header, body, version, out var packet, out var error) ? packet : throw Malformed(error);

    /// <summary>The code of a CONNACK, also of one whose code or form belongs to another version.</summary>
    public byte ConnackCode => body.Length > 1 ? body[1] : throw new CheckFailedException("the broker's CONNACK has no code");

    public string Topic => Encoding.UTF8.GetString(Publish.TopicName);

    public string Text => Encoding.UTF8.GetString(Publish.Payload);

    /// <summary>In 5.0 properties of the packet; none before.</summary>
    public PropertyBlock Properties => Type switch
    {
        PacketType.Connack => Connack.Properties,
        PacketType.Publish => Publish.Properties,
        PacketType.Suback or PacketType.Unsuback => SubscriptionAcknowledgement.Properties,
        PacketType.Disconnect => Disconnect.Properties,
        PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => Acknowledgement.Properties,
        _ => default,
    };

    public uint? Integer(PropertyId id) => Properties.TryGetInteger(id, out var value) ? value : null;

    public string? String(PropertyId id) => Properties.TryGetBytes(id, out var value) ? Encoding.UTF8.GetString(value) : null;

    /// <summary>For reports: the type as the specification writes it, with its reason.</summary>
    public override string ToString() => Type switch
    {
        PacketType.Connack => $"CONNACK 0x{ConnackCode:X2}",
        PacketType.Disconnect => $"DISCONNECT {Disconnect.Reason.Describe()}",
        PacketType.Publish => $"PUBLISH of {Topic}",
        PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => $"{Name(Type)} {Acknowledgement.PacketId} 0x{(byte)Acknowledgement.Reason:X2}",
        _ => Name(Type),
    };

    public static string Name(PacketType type) => type.ToString().ToUpperInvariant();

    // Whatever the broker sends is decoded strictly, so that a malformed packet fails whichever check meets it.
    private CheckFailedException Malformed(DecodeError error) => new($"the broker's {Name(Type)} is malformed: {error}");
}
