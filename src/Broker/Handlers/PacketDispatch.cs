using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Handlers;

/// <summary>Gives each packet to its handler.</summary>
internal static class PacketDispatch
{
    /// <summary>The one dispatch over packet types.</summary>
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (connection.Session is null && header.Type != PacketType.Connect && !MayComeBeforeConnack(connection, header.Type)) return;

        switch (header.Type)
        {
            case PacketType.Publish:
                PublishHandler.Handle(connection, header, body);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                AcknowledgementHandler.Handle(connection, header, body);
                break;

            case PacketType.Pingreq:
                if (EmptyPacket.TryDecode(header, connection.Version, out var error)) AnswerPing(connection);
                else connection.Fail(header.Type, error);
                break;

            case PacketType.Subscribe:
                SubscribeHandler.Handle(connection, header, body);
                break;

            case PacketType.Unsubscribe:
                UnsubscribeHandler.Handle(connection, header, body);
                break;

            case PacketType.Connect:
                ConnectHandler.Handle(connection, header, body);
                break;

            case PacketType.Disconnect:
                DisconnectHandler.Handle(connection, header, body);
                break;

            case PacketType.Auth:
                AuthHandler.Handle(connection, header, body);
                break;

            default:
                if (!header.TryCheckFlags(connection.Version, out var flags)) connection.Fail(header.Type, flags);
                else connection.Fail(header.Type, ReasonCode.ProtocolError, "2.1.2 packet type", "packet type", "is one that only a server sends");
                break;
        }
    }

    // During enhanced authentication only AUTH and DISCONNECT may come. [MQTT-3.1.2-30]
    private static bool MayComeBeforeConnack(Connection connection, PacketType type)
    {
        if (connection.Enhanced is not null && type is (PacketType.Auth or PacketType.Disconnect)) return true;

        ConnectHandler.Refuse(connection, ReasonCode.ProtocolError, $"{Connection.NameOf(type)} came before CONNACK. [MQTT-3.1.2-30]", connection.Writer.PacketSizeMax);
        return false;
    }

    private static void AnswerPing(Connection connection)
    {
        connection.Writer.Write(EmptyPacket.Pingresp, Statistics.SentCounterOf(PacketType.Pingresp));
        connection.Batch.Add(connection.Writer);
    }
}
