using System.Buffers;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Client.Connections;

/// <summary>One switch over the packets that a broker sends.</summary>
internal sealed class PacketDispatcher(ClientCore core, Link link, Reauthentication reauthentication)
{
    private readonly int _packetSizeMax = core.Options.MaximumPacketSize;

    /// <summary>Handles all whole packets; the result is why the connection has to end, or null.</summary>
    public MqttConnectException? Handle(ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        var reader = new PacketReader(buffer);
        try
        {
            while (true)
            {
                var status = reader.TryRead(out var header, out var body);
                consumed = reader.Consumed;
                if (status == DecodeStatus.Malformed) return Fault(ReasonCode.MalformedPacket, "a Remaining Length of more than four bytes");
                if (header.PacketSize > _packetSizeMax) return Fault(ReasonCode.PacketTooLarge, $"a packet of {header.PacketSize} bytes; Maximum Packet Size is {_packetSizeMax}");
                if (status == DecodeStatus.NeedMoreData) return null;
                if (HandleOne(header, body) is { } end) return end;
            }
        }
        finally
        {
            core.Counters.BytesReceived += reader.ConsumedBytes;
            reader.Dispose();
        }
    }

    private static MqttConnectException Fault(ReasonCode reason, string what) => new($"The broker does not keep to MQTT: {what}.") { Reason = reason };

    private static MqttConnectException Fault(DecodeError error) => Fault(error.Reason, error.ToString().TrimEnd('.'));

    private MqttConnectException? HandleOne(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case PacketType.Publish:
                if (!PublishPacket.TryDecode(header, body, link.Version, out var publish, out var error)) return Fault(error);

                return core.Receiver.Receive(publish, link) is { } fault ? Fault(fault) : null;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                return HandleAcknowledgement(header, body);

            case PacketType.Suback or PacketType.Unsuback:
                return HandleSubscriptionAcknowledgement(header, body);

            case PacketType.Pingresp:
                return EmptyPacket.TryDecode(header, link.Version, out error) ? null : Fault(error);

            case PacketType.Disconnect when link.IsV5:
                return DisconnectPacket.TryDecode(header, body, link.Version, out var disconnect, out error) ? Goodbye(disconnect) : Fault(error);

            case PacketType.Auth when link.IsV5:
                if (!AuthPacket.TryDecode(header, body, link.Version, out var auth, out error)) return Fault(error);

                return reauthentication.TryContinue(auth) ? null : Fault(ReasonCode.ProtocolError, "AUTH that nobody asked for");

            default:
                return Fault(ReasonCode.ProtocolError, $"{header.Type.ToString().ToUpperInvariant()} is not for clients");
        }
    }

    private MqttConnectException? HandleAcknowledgement(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!AcknowledgementPacket.TryDecode(header, body, link.Version, out var packet, out var error)) return Fault(error);

        var details = packet.Properties.IsEmpty
            ? null
            : new AcknowledgementDetails(MessageProperties.ReadString(packet.Properties, PropertyId.ReasonString), MessageProperties.ReadUserProperties(packet.Properties));
        lock (core.Gate)
        {
            core.LastProgress = link.LastReceived;
            if (header.Type == PacketType.Pubrel)
            {
                core.Acknowledger.OnPubrel(packet.PacketId, link);
                return null;
            }

            if (!core.Publisher.TryAcknowledge(header.Type, packet.PacketId, packet.Reason, details))
            {
                return Fault(ReasonCode.ProtocolError, $"{header.Type.ToString().ToUpperInvariant()} for packet identifier {packet.PacketId}, which waits for another packet");
            }

            core.Publisher.Pump();
            return null;
        }
    }

    private MqttConnectException? HandleSubscriptionAcknowledgement(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!SubscriptionAcknowledgementPacket.TryDecode(header, body, link.Version, out var packet, out var error)) return Fault(error);

        lock (core.Gate)
        {
            core.LastProgress = link.LastReceived;
            return core.Registry.TryAcknowledge(packet)
                ? null
                : Fault(ReasonCode.ProtocolError, $"{header.Type.ToString().ToUpperInvariant()} for packet identifier {packet.PacketId}, which waits for none");
        }
    }

    private static ServerDisconnectException Goodbye(in DisconnectPacket packet)
    {
        var words = MessageProperties.ReadString(packet.Properties, PropertyId.ReasonString);
        var server = MessageProperties.ReadString(packet.Properties, PropertyId.ServerReference);
        return new ServerDisconnectException($"The broker ended the connection: {packet.Reason.Describe()}{(words is null ? "" : $": {words}")}.{(server is null ? "" : $" It names {server} instead.")}")
        {
            Reason = packet.Reason,
            ReasonString = words,
            UserProperties = MessageProperties.ReadUserProperties(packet.Properties),
        };
    }
}
