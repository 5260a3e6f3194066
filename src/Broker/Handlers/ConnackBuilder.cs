using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>Makes CONNACK packets.</summary>
internal static class ConnackBuilder
{
    /// <summary>The CONNACK of an accepted CONNECT, with what the broker decided otherwise than the client, and its limits.</summary>
    public static ReadOnlySpan<byte> Accept(ConnectRequest request, bool sessionPresent, BrokerOptions options)
    {
        if (request.Version != ProtocolVersion.V50) return sessionPresent ? SessionPresent : NoSession;

        var properties = new PropertyBuilder();
        AddProperties(properties, request, options);
        return Encode(new ConnackPacket { SessionPresent = sessionPresent, Code = 0, Properties = properties.Encoded }, request.Version);
    }

    /// <summary>
    /// The CONNACK of a refused CONNECT; null where the version has no fitting one, and the connection is just closed. The Reason String is left out
    /// where the client could not take it. [MQTT-3.2.2-19]
    /// </summary>
    public static byte[]? Refuse(ProtocolVersion version, ReasonCode reason, string detail, int packetSizeMax)
    {
        if (version != ProtocolVersion.V50)
        {
            return reason.ToConnectReturnCode() is { } code ? Encode(new ConnackPacket { Code = code }, ProtocolVersion.V311) : null;
        }

        var properties = new PropertyBuilder();
        properties.Add(PropertyId.ReasonString, ReasonText.Fit(detail));
        var packet = new ConnackPacket { Code = (byte)reason, Properties = properties.Encoded };
        if (packet.GetEncodedSize(version) > packetSizeMax) packet = new ConnackPacket { Code = (byte)reason };

        return packet.GetEncodedSize(version) > packetSizeMax ? null : Encode(packet, version);
    }

    private static void AddProperties(PropertyBuilder properties, ConnectRequest request, BrokerOptions options)
    {
        if (request.IsClientIdAssigned) properties.Add(PropertyId.AssignedClientIdentifier, request.ClientId);
        if (request.IsSessionExpiryOverridden) properties.Add(PropertyId.SessionExpiryInterval, request.SessionExpirySeconds);
        if (request.IsKeepAliveOverridden) properties.Add(PropertyId.ServerKeepAlive, (uint)request.KeepAliveSeconds);
        if (options.ReceiveMaximum != Limits.ReceiveMaximumDefault) properties.Add(PropertyId.ReceiveMaximum, (uint)options.ReceiveMaximum);
        if (options.MaximumQos != Qos.ExactlyOnce) properties.Add(PropertyId.MaximumQos, (uint)options.MaximumQos);
        if (!options.RetainAvailable) properties.Add(PropertyId.RetainAvailable, 0);
        if (options.TopicAliasMaximum > 0) properties.Add(PropertyId.TopicAliasMaximum, (uint)options.TopicAliasMaximum);

        properties.Add(PropertyId.MaximumPacketSize, (uint)options.PacketSizeMax);
        if (request.WantsResponseInformation && options.ResponseInformation.Length > 0)
        {
            properties.Add(PropertyId.ResponseInformation, options.ResponseInformation.Replace("${clientid}", request.ClientId, StringComparison.Ordinal));
        }

        // The method of the exchange, and only where there was one. [MQTT-4.12.0-5] [MQTT-4.12.0-6]
        if (request.AuthenticationMethod is not { } method) return;

        properties.Add(PropertyId.AuthenticationMethod, method);
        if (!request.FinalAuthenticationData.IsEmpty) properties.Add(PropertyId.AuthenticationData, request.FinalAuthenticationData.Span);
    }

    private static ReadOnlySpan<byte> NoSession => [(byte)PacketType.Connack << 4, 2, 0, 0];

    private static ReadOnlySpan<byte> SessionPresent => [(byte)PacketType.Connack << 4, 2, 1, 0];

    private static byte[] Encode(in ConnackPacket packet, ProtocolVersion version)
    {
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }
}
