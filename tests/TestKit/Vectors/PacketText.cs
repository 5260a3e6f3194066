using System.Globalization;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Vectors;

/// <summary>Says in one line what a packet means, for tables of vectors and for the messages of failing tests.</summary>
public static class PacketText
{
    /// <summary>Describes one whole packet; what does not decode is described by its fault.</summary>
    public static string Describe(ReadOnlySpan<byte> packet, ProtocolVersion version)
    {
        var status = FixedHeader.TryRead(packet, out var header);
        if (status == DecodeStatus.Malformed) return "malformed Remaining Length";
        if (status == DecodeStatus.NeedMoreData || packet.Length < header.PacketSize) return "incomplete";

        var body = packet.Slice(header.Size, header.RemainingLength);
        var text = new StringBuilder();
        DecodeError error;
        switch (header.Type)
        {
            case PacketType.Connect when ConnectPacket.TryDecode(header, body, out var connect, out error):
                Append(text, connect);
                break;

            case PacketType.Connack when ConnackPacket.TryDecode(header, body, version, out var connack, out error):
                if (connack.SessionPresent) text.Append(" sessionPresent");
                text.Append(CultureInfo.InvariantCulture, $" code={connack.Code:X2}");
                Append(text, connack.Properties);
                break;

            case PacketType.Publish when PublishPacket.TryDecode(header, body, version, out var publish, out error):
                Append(text, publish);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp
                when AcknowledgementPacket.TryDecode(header, body, version, out var acknowledgement, out error):
                text.Append(CultureInfo.InvariantCulture, $" id={acknowledgement.PacketId}");
                Append(text, acknowledgement.Reason, acknowledgement.Properties, version);
                break;

            case PacketType.Subscribe when SubscribePacket.TryDecode(header, body, version, out var subscribe, out error):
                Append(text, subscribe);
                break;

            case PacketType.Suback or PacketType.Unsuback
                when SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out var acknowledgement, out error):
                text.Append(CultureInfo.InvariantCulture, $" id={acknowledgement.PacketId}");
                Append(text, acknowledgement.Properties);
                if (!acknowledgement.ReasonCodes.IsEmpty) text.Append(CultureInfo.InvariantCulture, $" codes={Hex.Format(acknowledgement.ReasonCodes)}");
                break;

            case PacketType.Unsubscribe when UnsubscribePacket.TryDecode(header, body, version, out var unsubscribe, out error):
                text.Append(CultureInfo.InvariantCulture, $" id={unsubscribe.PacketId}");
                Append(text, unsubscribe.Properties);
                foreach (var filter in unsubscribe) text.Append(' ').Append(Quote(filter));
                break;

            case PacketType.Pingreq or PacketType.Pingresp when EmptyPacket.TryDecode(header, version, out error):
                break;

            case PacketType.Disconnect when DisconnectPacket.TryDecode(header, body, version, out var disconnect, out error):
                Append(text, disconnect.Reason, disconnect.Properties, version);
                break;

            case PacketType.Auth when AuthPacket.TryDecode(header, body, version, out var auth, out error):
                Append(text, auth.Reason, auth.Properties, version);
                break;

            default:
                AnyPacket.TryDecode(packet, version, out error);
                return error.ToString();
        }

        return text.Insert(0, header.Type.ToString().ToUpperInvariant()).ToString();
    }

    /// <summary>Printable ASCII in quotes, other bytes as hex in angle brackets, one byte many times as a repetition.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 40 && !bytes.ContainsAnyExcept(bytes[0])) return $"{Quote(bytes[..1])}*{bytes.Length}";

        return bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~') || bytes.Contains((byte)'\'')
            ? $"<{Hex.Format(bytes)}>"
            : $"'{Encoding.ASCII.GetString(bytes)}'";
    }

    private static void Append(StringBuilder text, in ConnectPacket packet)
    {
        text.Append(packet.Version switch { ProtocolVersion.V31 => " 3.1", ProtocolVersion.V311 => " 3.1.1", _ => " 5.0" });
        if (packet.CleanStart) text.Append(" clean");
        text.Append(CultureInfo.InvariantCulture, $" keepAlive={packet.KeepAliveSeconds}");
        Append(text, packet.Properties);
        text.Append(" clientId=").Append(Quote(packet.ClientId));
        if (packet.HasWill)
        {
            text.Append(CultureInfo.InvariantCulture, $" will: qos={(int)packet.WillQos}");
            if (packet.WillRetain) text.Append(" retain");
            Append(text, packet.WillProperties);
            text.Append(CultureInfo.InvariantCulture, $" topic={Quote(packet.WillTopic)} payload={Quote(packet.WillPayload)}");
        }

        if (packet.HasUserName) text.Append(" userName=").Append(Quote(packet.UserName));
        if (packet.HasPassword) text.Append(" password=").Append(Quote(packet.Password));
    }

    private static void Append(StringBuilder text, in PublishPacket packet)
    {
        if (packet.Dup) text.Append(" dup");
        text.Append(CultureInfo.InvariantCulture, $" qos={(int)packet.Qos}");
        if (packet.Retain) text.Append(" retain");
        text.Append(" topic=").Append(Quote(packet.TopicName));
        if (packet.Qos != Qos.AtMostOnce) text.Append(CultureInfo.InvariantCulture, $" id={packet.PacketId}");
        Append(text, packet.Properties);
        text.Append(" payload=").Append(Quote(packet.Payload));
    }

    private static void Append(StringBuilder text, in SubscribePacket packet)
    {
        text.Append(CultureInfo.InvariantCulture, $" id={packet.PacketId}");
        Append(text, packet.Properties);
        foreach (var request in packet)
        {
            var options = request.Options;
            text.Append(CultureInfo.InvariantCulture, $" {Quote(request.TopicFilter)} qos={(int)options.MaximumQos}");
            if (options.NoLocal) text.Append(" noLocal");
            if (options.RetainAsPublished) text.Append(" retainAsPublished");
            if (options.RetainHandling != 0) text.Append(" retainHandling=").Append((int)options.RetainHandling);
        }
    }

    private static void Append(StringBuilder text, ReasonCode reason, PropertyBlock properties, ProtocolVersion version)
    {
        if (version == ProtocolVersion.V50) text.Append(" reason=").Append(reason);
        Append(text, properties);
    }

    private static void Append(StringBuilder text, PropertyBlock properties)
    {
        if (properties.IsEmpty) return;

        var separator = " {";
        foreach (var property in properties)
        {
            text.Append(separator).Append(property.Id).Append('=').Append(PropertyTable.TypeOf(property.Id) switch
            {
                PropertyType.StringPair => $"{Quote(property.Bytes)}:{Quote(property.PairValue)}",
                PropertyType.Utf8String or PropertyType.BinaryData => Quote(property.Bytes),
                _ => property.Integer.ToString(CultureInfo.InvariantCulture),
            });
            separator = " ";
        }

        text.Append('}');
    }
}
