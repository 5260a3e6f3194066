using Avocet.Protocol;

namespace Avocet.Broker.Inspection;

/// <summary>A client that is connected, or whose session waits for it.</summary>
/// <param name="ClientId">The client identifier.</param>
public sealed record ClientInfo(string ClientId)
{
    public bool IsConnected { get; init; }

    /// <summary>Null for none, and while the client is offline.</summary>
    public string? UserName { get; init; }

    /// <summary>IP address and port; null while the client is offline.</summary>
    public string? Address { get; init; }

    public string? Listener { get; init; }

    /// <summary><c>tcp</c>, <c>tls</c>, <c>ws</c>, <c>wss</c> or <c>unix</c>.</summary>
    public string? Transport { get; init; }

    public ProtocolVersion? Version { get; init; }

    public DateTimeOffset? ConnectedAt { get; init; }

    /// <summary>When the last bytes came.</summary>
    public DateTimeOffset? LastReceivedAt { get; init; }

    /// <summary>Seconds; 0 where the client asked for none.</summary>
    public int KeepAliveSeconds { get; init; }

    /// <summary>Seconds that the session outlives its connection; <see cref="Limits.SessionNeverExpires"/> for ever.</summary>
    public uint SessionExpirySeconds { get; init; }

    /// <summary>When the session ends; null while the client is connected, and for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether the session survives a restart of the broker.</summary>
    public bool IsDurable { get; init; }

    public int Subscriptions { get; init; }

    /// <summary>Messages sent and not acknowledged.</summary>
    public int Inflight { get; init; }

    /// <summary>As many may be in flight.</summary>
    public int InflightMax { get; init; }

    /// <summary>Messages waiting beyond those in flight.</summary>
    public long QueuedMessages { get; init; }

    public long QueuedBytes { get; init; }

    /// <summary>Messages the session did not get since the broker's start.</summary>
    public MessageDrops Drops { get; init; }

    /// <summary>What the present connection has sent and got; null while the client is offline.</summary>
    public ClientTraffic? Traffic { get; init; }

    /// <summary>The topic of the client's will; null for none.</summary>
    public string? WillTopic { get; init; }
}

/// <summary>Messages that were dropped, by cause.</summary>
/// <param name="QueueFull">The queue was full.</param>
/// <param name="SlowConsumer">At QoS 0: the client did not read fast enough.</param>
/// <param name="Expired">The Message Expiry Interval was over.</param>
/// <param name="TooLarge">They exceed the client's Maximum Packet Size.</param>
public readonly record struct MessageDrops(long QueueFull, long SlowConsumer, long Expired, long TooLarge)
{
    public long Total => QueueFull + SlowConsumer + Expired + TooLarge;
}

/// <summary>What went over one connection, as MQTT packets: without TLS, WebSocket and TCP.</summary>
/// <param name="BytesReceived">Bytes from the client.</param>
/// <param name="BytesSent">Bytes to the client.</param>
/// <param name="MessagesReceived">PUBLISH packets from the client.</param>
/// <param name="MessagesSent">PUBLISH packets to the client.</param>
public readonly record struct ClientTraffic(long BytesReceived, long BytesSent, long MessagesReceived, long MessagesSent);

/// <summary>A subscription of a client.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Filter">The Topic Filter, mount point and <c>$share/{ShareName}/</c> included.</param>
public sealed record SubscriptionInfo(string ClientId, string Filter)
{
    public Qos Qos { get; init; }

    public bool NoLocal { get; init; }

    public bool RetainAsPublished { get; init; }

    /// <summary>Null for none.</summary>
    public uint? SubscriptionId { get; init; }
}
