using Avocet.Broker.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Handlers;

/// <summary>PUBACK, PUBREC and PUBCOMP for what the broker sent; PUBREL for what it received.</summary>
internal static class AcknowledgementHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!AcknowledgementPacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            connection.Fail(header.Type, error);
            return;
        }

        var session = connection.Session!;
        switch (packet.Type)
        {
            case PacketType.Puback:
                if (!session.TryAcknowledge(connection, packet.PacketId)) FailWrongType(connection, packet.Type, "PUBLISH of QoS 2");
                break;

            case PacketType.Pubrec:
                if (!session.TryReceive(connection, packet.PacketId, packet.Reason)) FailWrongType(connection, packet.Type, "PUBLISH of QoS 1");
                break;

            case PacketType.Pubcomp:
                session.Complete(connection, packet.PacketId);
                break;

            case PacketType.Pubrel:
                Release(connection, packet.PacketId);
                break;
        }

        connection.Batch.Add(connection.Writer);
    }

    /// <summary>Answers PUBREL, also when the identifier is not known: the client may be recovering. [MQTT-4.3.3-11]</summary>
    private static void Release(Connection connection, ushort packetId)
    {
        var isKnown = connection.Session!.EndQos2(packetId, out var after);
        if (isKnown && connection.Publisher.ReceivedUnreleased > 0) connection.Publisher.ReceivedUnreleased--;

        // After a crash the identifier must not seem to be in use: the client's next message with it would be taken for this one.
        connection.Writer.WriteAcknowledgement(PacketType.Pubcomp, packetId, isKnown ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound, after: after);
    }

    private static void FailWrongType(Connection connection, PacketType type, string answered)
    {
        connection.Fail(type, ReasonCode.ProtocolError, "MQTT-3.3.4-1", "packet identifier", $"belongs to a {answered}");
    }
}
