using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance;

/// <summary>What a check's client says in CONNECT.</summary>
internal sealed record RawConnect
{
    public bool IsClean { get; init; } = true;

    public ushort KeepAliveSeconds { get; init; } = 60;

    /// <summary>Of a session that outlives its connection; before 5.0 that is what Clean Session 0 means.</summary>
    public uint SessionExpirySeconds { get; init; }

    public string? WillTopic { get; init; }

    public string WillPayload { get; init; } = "will";

    public int WillQos { get; init; }

    public bool WillRetain { get; init; }

    public Action<PropertyBuilder>? WillProperties { get; init; }

    /// <summary>5.0 only.</summary>
    public Action<PropertyBuilder>? Properties { get; init; }

    public byte[] Encode(ProtocolVersion version, string clientId, string? userName, string? password)
    {
        var properties = new PropertyBuilder();
        var willProperties = new PropertyBuilder();
        if (version == ProtocolVersion.V50)
        {
            if (SessionExpirySeconds > 0) properties.Add(PropertyId.SessionExpiryInterval, SessionExpirySeconds);
            Properties?.Invoke(properties);
            WillProperties?.Invoke(willProperties);
        }

        var packet = new ConnectPacket
        {
            Version = version,
            CleanStart = IsClean,
            KeepAliveSeconds = KeepAliveSeconds,
            ClientId = Encoding.UTF8.GetBytes(clientId),
            Properties = properties.Encoded,
            HasWill = WillTopic is not null,
            WillTopic = Encoding.UTF8.GetBytes(WillTopic ?? ""),
            WillPayload = Encoding.UTF8.GetBytes(WillPayload),
            WillQos = (Qos)WillQos,
            WillRetain = WillRetain,
            WillProperties = willProperties.Encoded,
            HasUserName = userName is not null,
            UserName = Encoding.UTF8.GetBytes(userName ?? ""),
            HasPassword = password is not null,
            Password = Encoding.UTF8.GetBytes(password ?? ""),
        };
        var bytes = new byte[packet.GetEncodedSize()];
        packet.Encode(bytes);
        return bytes;
    }
}
