using Avocet.Protocol;

namespace Avocet.Broker;

/// <summary>What to do with a message for a session whose queue is full.</summary>
public enum QueueOverflow
{
    /// <summary>The arriving message is dropped for this session.</summary>
    DropNew,

    /// <summary>The oldest queued message is dropped to make room.</summary>
    DropOldest,
}

/// <summary>What to do with a client that sends more than it may.</summary>
public enum RateOverflow
{
    /// <summary>It is read from more slowly.</summary>
    Delay,

    /// <summary>Its connection ends, with 0x96 Message rate too high.</summary>
    Disconnect,
}

/// <summary>The settings of the broker core. Every limit is per connection or session unless it says otherwise.</summary>
public sealed record BrokerOptions
{
    /// <summary>Connections at a time over all listeners; 0 means no limit. One more is refused with 0x97 Quota exceeded.</summary>
    public int ConnectionsMax { get; init; }

    /// <summary>Connections of one user at a time; 0 means no limit. Anonymous clients are no user.</summary>
    public int ConnectionsPerUserMax { get; init; }

    /// <summary>Seconds from the start of a connection to its complete CONNECT, authentication included. 1 to 3,600.</summary>
    public int ConnectTimeoutSeconds { get; init; } = 10;

    /// <summary>Bytes of the largest packet accepted, fixed header included. 1,024 to 268,435,460. Announced as Maximum Packet Size.</summary>
    public int PacketSizeMax { get; init; } = 2 * 1024 * 1024;

    /// <summary>QoS 1 and 2 PUBLISHes a client may have unacknowledged. 1 to 65,535. Announced as Receive Maximum.</summary>
    public int ReceiveMaximum { get; init; } = 1024;

    /// <summary>Topic aliases a client may set, 0 to 65,535. Announced as Topic Alias Maximum.</summary>
    public int TopicAliasMaximum { get; init; } = 64;

    /// <summary>Topic aliases the broker sets towards a client at most, within the client's own Topic Alias Maximum. 0 to 65,535.</summary>
    public int OutboundTopicAliasMaximum { get; init; } = 64;

    /// <summary>The largest keep alive in seconds, sent as Server Keep Alive to 5.0 clients that ask for more or for none; 0 means no limit.</summary>
    public int KeepAliveMaxSeconds { get; init; }

    /// <summary>The longest Session Expiry Interval in seconds; 0xFFFFFFFF lets sessions live forever. Also for Clean Session 0 of 3.x.</summary>
    public uint SessionExpiryMaxSeconds { get; init; } = Limits.SessionNeverExpires;

    /// <summary>QoS 1 and 2 messages in flight to a client, within its Receive Maximum. 1 to 65,535.</summary>
    public int InflightMax { get; init; } = 256;

    /// <summary>Messages queued for a session beyond those in flight. 0 to 2,147,483,647.</summary>
    public int QueueMessagesMax { get; init; } = 10_000;

    /// <summary>Bytes (topic, properties and payload) queued for a session beyond those in flight.</summary>
    public long QueueBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>What happens when either queue limit is reached.</summary>
    public QueueOverflow QueueOverflow { get; init; } = QueueOverflow.DropNew;

    /// <summary>Whether QoS 0 messages are queued for offline sessions too.</summary>
    public bool QueueQos0 { get; init; }

    /// <summary>Bytes waiting for a socket that does not drain. Above it QoS 0 is dropped and QoS 1 and 2 stay in the session's queue.</summary>
    public int OutboundBytesMax { get; init; } = 1024 * 1024;

    /// <summary>The highest QoS clients may publish with.</summary>
    public Qos MaximumQos { get; init; } = Qos.ExactlyOnce;

    /// <summary>Whether retained messages are supported.</summary>
    public bool RetainAvailable { get; init; } = true;

    /// <summary>Levels of a topic name or filter, 1 to 1,000: the search for subscriptions goes one call deeper for each.</summary>
    public int TopicLevelsMax { get; init; } = 200;

    /// <summary>Bytes of a topic name or filter, mount point not counted. 1 to 65,535.</summary>
    public int TopicBytesMax { get; init; } = Limits.StringSizeMax;

    /// <summary>Subscriptions of a session; 0 means no limit. One more is refused with 0x97 Quota exceeded.</summary>
    public int SubscriptionsMax { get; init; } = 100_000;

    /// <summary>Retained messages, those of <c>$SYS</c> included; 0 means no limit. One on another topic is refused with 0x97 Quota exceeded.</summary>
    public int RetainedMessagesMax { get; init; }

    /// <summary>PUBLISHes a second that a client may send in the long run, a second's worth at once; 0 means no limit.</summary>
    public int PublishRateMax { get; init; }

    /// <summary>Bytes a second that a client may send in the long run, a second's worth at once; 0 means no limit.</summary>
    public int ReceiveBytesRateMax { get; init; }

    /// <summary>The same for all connections of a user together.</summary>
    public int UserPublishRateMax { get; init; }

    /// <summary>The same for all connections of a user together.</summary>
    public int UserReceiveBytesRateMax { get; init; }

    /// <summary>The same for all connections of an IPv4 address or an IPv6 network (/64) together.</summary>
    public int AddressPublishRateMax { get; init; }

    /// <summary>The same for all connections of an IPv4 address or an IPv6 network (/64) together.</summary>
    public int AddressReceiveBytesRateMax { get; init; }

    /// <summary>What happens to a client that sends more than that.</summary>
    public RateOverflow RateOverflow { get; init; } = RateOverflow.Delay;

    /// <summary>Connections a second from one IPv4 address or one IPv6 network (/64) in the long run, ten seconds' worth at once; 0 means no limit.</summary>
    public int ConnectRateMax { get; init; }

    /// <summary>Log-ins a second of one user in the long run, ten seconds' worth at once; 0 means no limit.</summary>
    public int UserConnectRateMax { get; init; }

    /// <summary>Connections of one client identifier within <see cref="FlappingSeconds"/> after which one more is refused for <see cref="FlappingBanSeconds"/>; 0 for never.</summary>
    public int FlappingConnectsMax { get; init; }

    /// <summary>In what time these connections come.</summary>
    public int FlappingSeconds { get; init; } = 60;

    /// <summary>How long a client that flaps is kept out.</summary>
    public int FlappingBanSeconds { get; init; } = 300;

    /// <summary>Bytes of a client identifier, 23 to 65,535.</summary>
    public int ClientIdBytesMax { get; init; } = 1024;

    /// <summary>The Response Information given to 5.0 clients that request it, with <c>${clientid}</c> replaced; empty gives none.</summary>
    public string ResponseInformation { get; init; } = "";

    /// <summary>What acknowledged messages survive, where a store keeps them.</summary>
    public Durability Durability { get; init; } = Durability.Fsync;

    /// <summary>Exceptions by topic; the first filter that matches counts.</summary>
    public IReadOnlyList<TopicDurability> TopicDurabilities { get; init; } = [];

    /// <summary>Events of each kind that are remembered, such as connections that were refused and messages that were dropped; 0 for none.</summary>
    public int EventsMax { get; init; } = 1000;

    /// <summary>Topics whose messages are counted, and as many clients, to tell of rates and of who has fallen silent; 0 for none. Those that were not heard of for the longest go first.</summary>
    public int TopicStatisticsMax { get; init; } = 10_000;

    /// <summary>Seconds between two publications of <c>$SYS</c>; 0 turns it off.</summary>
    public int SysIntervalSeconds { get; init; } = 10;
}
