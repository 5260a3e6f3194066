using Avocet.Broker.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>DISCONNECT from a client.</summary>
internal static class DisconnectHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!DisconnectPacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            // Not a DISCONNECT that counts: the will is published. [MQTT-3.14.1-1]
            connection.Fail(PacketType.Disconnect, error);
            return;
        }

        if (packet.Properties.Contains(PropertyId.ServerReference))
        {
            connection.Fail(PacketType.Disconnect, ReasonCode.ProtocolError, "3.14.2.2.5 Server Reference", "Server Reference", "is for servers to send");
            return;
        }

        var setsExpiry = packet.Properties.TryGetInteger(PropertyId.SessionExpiryInterval, out var seconds);
        if (setsExpiry && connection.Session is { } session && !connection.Context.Sessions.TrySetExpiry(session, seconds))
        {
            connection.Fail(
                PacketType.Disconnect, ReasonCode.ProtocolError, "3.14.2.2.2 Session Expiry Interval", "Session Expiry Interval", $"is {seconds} after 0 in CONNECT");
            return;
        }

        connection.End(new Ending(EndingCause.ClientDisconnected, packet.Reason, "the client disconnected"));
    }
}
