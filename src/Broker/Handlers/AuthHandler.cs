using System.Text;
using Avocet.Broker.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>AUTH: goes on with an exchange, or begins another one.</summary>
internal static class AuthHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!AuthPacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            Refuse(connection, error);
            return;
        }

        if (connection.Enhanced is not { } enhanced)
        {
            Refuse(connection, ReasonCode.ProtocolError, "MQTT-4.12.0-7", "came without an Authentication Method in CONNECT");
            return;
        }

        if (!packet.Properties.TryGetBytes(PropertyId.AuthenticationMethod, out var method) || !method.SequenceEqual(Encoding.UTF8.GetBytes(enhanced.Method)))
        {
            Refuse(connection, ReasonCode.ProtocolError, "MQTT-4.12.0-5", "has not the Authentication Method of CONNECT");
            return;
        }

        packet.Properties.TryGetBytes(PropertyId.AuthenticationData, out var data);
        switch (packet.Reason)
        {
            case ReasonCode.ContinueAuthentication when enhanced.IsUnderWay:
                connection.WaitFor(enhanced.ContinueAsync(data.ToArray()));
                break;

            case ReasonCode.Reauthenticate when connection.Session is not null && !enhanced.IsUnderWay:
                connection.WaitFor(enhanced.BeginAsync(data.ToArray()));
                break;

            default:
                Refuse(connection, ReasonCode.ProtocolError, "MQTT-4.12.0-3", "has a reason code that does not fit the state of the exchange");
                break;
        }
    }

    /// <summary>Ends the exchange and the connection.</summary>
    public static void Refuse(Connection connection, ReasonCode reason, string rule, string problem)
    {
        Refuse(connection, new DecodeError(reason, rule, 0, "AUTH", problem));
    }

    private static void Refuse(Connection connection, in DecodeError error)
    {
        // Before CONNACK a refusal is a CONNACK, never a DISCONNECT. [MQTT-3.14.0-1]
        if (connection.Session is null) ConnectHandler.Refuse(connection, error.Reason, error.ToString(), connection.Writer.PacketSizeMax);
        else connection.Fail(PacketType.Auth, error);
    }
}
