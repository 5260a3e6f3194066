using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Routing;
using Avocet.Broker.Wills;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>What a CONNECT asks for, copied out of the receive buffer and bounded by the broker's options.</summary>
internal sealed class ConnectRequest
{
    public ConnectRequest(Connection connection, in ConnectPacket packet)
    {
        var options = connection.Context.Options;
        Version = packet.Version;
        CleanStart = packet.CleanStart;
        IsClientIdAssigned = packet.ClientId.IsEmpty;
        ClientId = IsClientIdAssigned ? $"auto-{Guid.NewGuid():N}" : Encoding.UTF8.GetString(packet.ClientId);
        UserName = packet.HasUserName ? Encoding.UTF8.GetString(packet.UserName) : null;
        Password = packet.HasPassword ? packet.Password.ToArray() : null;
        InflightMax = options.InflightMax;
        KeepAliveSeconds = packet.KeepAliveSeconds;
        SessionExpirySeconds = packet.CleanStart || Version == ProtocolVersion.V50 ? 0 : options.SessionExpiryMaxSeconds;
        foreach (var property in packet.Properties) Take(property, options);

        if (Version == ProtocolVersion.V50) ApplyKeepAliveMax(options);
        if (packet.HasWill) Will = ToWill(connection, packet);
    }

    public ProtocolVersion Version { get; }

    public bool CleanStart { get; }

    public string ClientId { get; set; }

    public bool IsClientIdAssigned { get; }

    public string? UserName { get; }

    public byte[]? Password { get; }

    public int KeepAliveSeconds { get; private set; }

    /// <summary>Whether the broker's keep alive replaces the client's. [MQTT-3.2.2-21]</summary>
    public bool IsKeepAliveOverridden { get; private set; }

    public uint SessionExpirySeconds { get; private set; }

    public bool IsSessionExpiryOverridden { get; private set; }

    /// <summary>The client's Receive Maximum and the broker's in-flight limit, whichever is less.</summary>
    public int InflightMax { get; private set; }

    /// <summary>The client's Maximum Packet Size.</summary>
    public int PacketSizeMax { get; private set; } = Limits.PacketSizeMax;

    /// <summary>The client's Topic Alias Maximum and the broker's own limit, whichever is less.</summary>
    public int TopicAliasMaximum { get; private set; }

    public bool WantsResponseInformation { get; private set; }

    public bool WantsProblemInformation { get; private set; } = true;

    public string? AuthenticationMethod { get; private set; }

    public byte[] AuthenticationData { get; private set; } = [];

    /// <summary>The data to send with CONNACK at the end of enhanced authentication.</summary>
    public ReadOnlyMemory<byte> FinalAuthenticationData { get; set; }

    public Will? Will { get; }

    private void Take(Property property, BrokerOptions options)
    {
        switch (property.Id)
        {
            case PropertyId.SessionExpiryInterval:
                SessionExpirySeconds = Math.Min(property.Integer, options.SessionExpiryMaxSeconds);
                IsSessionExpiryOverridden = SessionExpirySeconds != property.Integer;
                break;

            case PropertyId.ReceiveMaximum:
                InflightMax = Math.Min((int)property.Integer, options.InflightMax);
                break;

            case PropertyId.MaximumPacketSize:
                PacketSizeMax = (int)Math.Min(property.Integer, Limits.PacketSizeMax);
                break;

            case PropertyId.TopicAliasMaximum:
                TopicAliasMaximum = Math.Min((int)property.Integer, options.OutboundTopicAliasMaximum);
                break;

            case PropertyId.RequestResponseInformation:
                WantsResponseInformation = property.Integer == 1;
                break;

            case PropertyId.RequestProblemInformation:
                WantsProblemInformation = property.Integer == 1;
                break;

            case PropertyId.AuthenticationMethod:
                AuthenticationMethod = Encoding.UTF8.GetString(property.Bytes);
                break;

            case PropertyId.AuthenticationData:
                AuthenticationData = property.Bytes.ToArray();
                break;
        }
    }

    private void ApplyKeepAliveMax(BrokerOptions options)
    {
        if (options.KeepAliveMaxSeconds == 0 || (KeepAliveSeconds != 0 && KeepAliveSeconds <= options.KeepAliveMaxSeconds)) return;

        KeepAliveSeconds = options.KeepAliveMaxSeconds;
        IsKeepAliveOverridden = true;
    }

    private static Will ToWill(Connection connection, in ConnectPacket packet)
    {
        var hasExpiry = packet.WillProperties.TryGetInteger(PropertyId.MessageExpiryInterval, out var expiry);
        packet.WillProperties.TryGetInteger(PropertyId.WillDelayInterval, out var delay);
        return new Will
        {
            TopicName = connection.Mount(packet.WillTopic).ToArray(),
            Properties = ForwardedProperties.Select(packet.WillProperties, ref connection.Publisher.PropertyScratch).ToArray(),
            Payload = packet.WillPayload.ToArray(),
            Qos = packet.WillQos,
            Retain = packet.WillRetain,
            DelaySeconds = delay,
            ExpirySeconds = hasExpiry ? expiry : null,
        };
    }
}
