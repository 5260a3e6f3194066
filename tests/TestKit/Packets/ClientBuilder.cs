using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A client: its CONNECT, and what it subscribes to before the test begins. 5.0, Clean Start and no keep alive unless said.</summary>
public sealed record ClientBuilder : PacketBuilder<ClientBuilder>
{
    internal string ClientId { get; init; } = "";

    internal ProtocolVersion ProtocolVersion { get; private init; } = ProtocolVersion.V50;

    internal IReadOnlyList<(string Filter, Qos Qos)> Subscriptions { get; private init; } = [];

    private bool CleanStart { get; init; } = true;

    private ushort KeepAliveSeconds { get; init; }

    private byte[]? User { get; init; }

    private byte[]? Secret { get; init; }

    private string? WillTopic { get; init; }

    private byte[] WillPayload { get; init; } = [];

    private Qos WillQos { get; init; }

    private bool WillRetain { get; init; }

    private byte[] WillProperties { get; init; } = [];

    public ClientBuilder V31() => Version(ProtocolVersion.V31);

    public ClientBuilder V311() => Version(ProtocolVersion.V311);

    public ClientBuilder V50() => Version(ProtocolVersion.V50);

    public ClientBuilder Version(ProtocolVersion version) => this with { ProtocolVersion = version };

    /// <summary>Clean Start; Clean Session before 5.0.</summary>
    public ClientBuilder Clean(bool clean) => this with { CleanStart = clean };

    /// <summary>A session that outlives its connection: Clean Start 0, and in 5.0 a Session Expiry Interval.</summary>
    public ClientBuilder Persistent(uint seconds = Limits.SessionNeverExpires) => Clean(false).SessionExpiry(seconds);

    public ClientBuilder KeepAlive(ushort seconds) => this with { KeepAliveSeconds = seconds };

    public ClientBuilder UserName(string name) => this with { User = Encoding.UTF8.GetBytes(name) };

    public ClientBuilder Password(string password) => this with { Secret = Encoding.UTF8.GetBytes(password) };

    public ClientBuilder SessionExpiry(uint seconds) => Property(PropertyId.SessionExpiryInterval, seconds);

    public ClientBuilder ReceiveMaximum(ushort count) => Property(PropertyId.ReceiveMaximum, count);

    public ClientBuilder MaximumPacketSize(uint bytes) => Property(PropertyId.MaximumPacketSize, bytes);

    public ClientBuilder TopicAliasMaximum(ushort count) => Property(PropertyId.TopicAliasMaximum, count);

    public ClientBuilder Authentication(string method, string? data = null)
    {
        var client = Property(PropertyId.AuthenticationMethod, method);
        return data is null ? client : client.Property(PropertyId.AuthenticationData, Encoding.UTF8.GetBytes(data));
    }

    /// <param name="topicName">The Will Topic.</param>
    /// <param name="payload">The Will Payload.</param>
    /// <param name="qos">The Will QoS.</param>
    /// <param name="retain">Will Retain.</param>
    /// <param name="delaySeconds">The Will Delay Interval; absent when 0.</param>
    public ClientBuilder Will(string topicName, string payload = "will", Qos qos = Qos.AtMostOnce, bool retain = false, uint delaySeconds = 0)
    {
        var client = this with { WillTopic = topicName, WillPayload = Encoding.UTF8.GetBytes(payload), WillQos = qos, WillRetain = retain };
        return delaySeconds == 0 ? client : client.WillProperty(PropertyId.WillDelayInterval, delaySeconds);
    }

    public ClientBuilder WillProperty(PropertyId id, uint value) => AppendToWill(new PropertyBuilder().Add(id, value));

    public ClientBuilder WillProperty(PropertyId id, string value) => AppendToWill(new PropertyBuilder().Add(id, value));

    public ClientBuilder WillProperty(PropertyId id, byte[] value) => AppendToWill(new PropertyBuilder().Add(id, value));

    public ClientBuilder WillUserProperty(string name, string value) => AppendToWill(new PropertyBuilder().AddUserProperty(name, value));

    /// <summary>A subscription which <see cref="TestBroker"/> makes before it returns.</summary>
    public ClientBuilder Subscribed(string filter, Qos qos = Qos.AtMostOnce) => this with { Subscriptions = [.. Subscriptions, (filter, qos)] };

    /// <summary>The CONNECT in the client's own version.</summary>
    public byte[] Encode() => Encode(ProtocolVersion);

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new ConnectPacket
        {
            Version = version,
            CleanStart = CleanStart,
            KeepAliveSeconds = KeepAliveSeconds,
            Properties = Properties,
            ClientId = Encoding.UTF8.GetBytes(ClientId),
            HasWill = WillTopic is not null,
            WillTopic = Encoding.UTF8.GetBytes(WillTopic ?? ""),
            WillPayload = WillPayload,
            WillQos = WillQos,
            WillRetain = WillRetain,
            WillProperties = WillProperties,
            HasUserName = User is not null,
            UserName = User,
            HasPassword = Secret is not null,
            Password = Secret,
        };
        var bytes = new byte[packet.GetEncodedSize()];
        packet.Encode(bytes);
        return bytes;
    }

    private ClientBuilder AppendToWill(PropertyBuilder property) => this with { WillProperties = [.. WillProperties, .. property.Encoded] };
}
