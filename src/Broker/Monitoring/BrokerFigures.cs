using Avocet.Protocol;

namespace Avocet.Broker.Monitoring;

/// <summary>What a broker counts, at one moment. Counters go up from the start of the broker; the others are as things are now.</summary>
public sealed record BrokerFigures
{
    /// <summary>Since when it runs.</summary>
    public required TimeSpan Uptime { get; init; }

    /// <summary>Open connections, those before their CONNECT included.</summary>
    public required int Connections { get; init; }

    /// <summary>Sessions, of clients that are connected or not.</summary>
    public required int Sessions { get; init; }

    public required int SessionsConnected { get; init; }

    /// <summary>The most that were connected at a time.</summary>
    public required int SessionsConnectedMax { get; init; }

    public required long SessionsExpired { get; init; }

    public required long ConnectionsOpened { get; init; }

    public required long ConnectionsAccepted { get; init; }

    public required long ConnectionsRefused { get; init; }

    public required long BytesReceived { get; init; }

    public required long BytesSent { get; init; }

    /// <summary>Bytes of the payloads alone.</summary>
    public long PayloadBytesReceived => PayloadBytesReceivedByQos.Total;

    public long PayloadBytesSent => PayloadBytesSentByQos.Total;

    public required int Subscriptions { get; init; }

    public required int SharedSubscriptions { get; init; }

    public required int RetainedMessages { get; init; }

    /// <summary>Messages that wait in the queues of sessions.</summary>
    public required long QueuedMessages { get; init; }

    public required long QueuedBytes { get; init; }

    public required DropFigures Drops { get; init; }

    /// <summary>PUBLISH packets received, at QoS 0, 1 and 2.</summary>
    public required QosFigures MessagesReceivedByQos { get; init; }

    /// <summary>PUBLISH packets sent, at QoS 0, 1 and 2.</summary>
    public required QosFigures MessagesSentByQos { get; init; }

    /// <summary>Bytes of payloads received, at QoS 0, 1 and 2.</summary>
    public required QosFigures PayloadBytesReceivedByQos { get; init; }

    /// <summary>Bytes of payloads sent, at QoS 0, 1 and 2.</summary>
    public required QosFigures PayloadBytesSentByQos { get; init; }

    /// <summary>Bytes that Topic Aliases saved towards clients.</summary>
    public required long AliasSavedBytes { get; init; }

    /// <summary>Control packets by type, from CONNECT to AUTH.</summary>
    public required IReadOnlyList<PacketFigures> Packets { get; init; }

    /// <summary>PUBLISH packets received.</summary>
    public long MessagesReceived => Packets[PacketType.Publish - PacketType.Connect].Received;

    /// <summary>PUBLISH packets sent.</summary>
    public long MessagesSent => Packets[PacketType.Publish - PacketType.Connect].Sent;

    internal static BrokerFigures Read(BrokerContext context)
    {
        var statistics = context.Statistics;
        var sessions = context.Sessions.Count;
        var (messages, bytes) = context.Sessions.CountQueued();
        var packets = new PacketFigures[PacketType.Auth - PacketType.Connect + 1];
        for (var i = 0; i < packets.Length; i++)
        {
            var type = (PacketType)((int)PacketType.Connect + i);
            packets[i] = new PacketFigures(type, statistics.Get(Statistics.ReceivedCounterOf(type)), statistics.Get(Statistics.SentCounterOf(type)));
        }

        return new BrokerFigures
        {
            Uptime = TimeSpan.FromMilliseconds(context.Clock.Now),
            Connections = context.Connections.Count,
            Sessions = sessions.Total,
            SessionsConnected = sessions.Connected,
            SessionsConnectedMax = sessions.ConnectedMax,
            SessionsExpired = statistics.Get(Counter.SessionsExpired),
            ConnectionsOpened = statistics.Get(Counter.SocketsOpened),
            ConnectionsAccepted = statistics.Get(Counter.ConnectionsAccepted),
            ConnectionsRefused = statistics.Get(Counter.ConnectionsRefused),
            BytesReceived = statistics.Get(Counter.BytesReceived),
            BytesSent = statistics.Get(Counter.BytesSent),
            Subscriptions = context.Index.Count,
            SharedSubscriptions = context.Index.SharedCount,
            RetainedMessages = context.Retained.Count,
            QueuedMessages = messages,
            QueuedBytes = bytes,
            Drops = new DropFigures(
                statistics.Get(Counter.DroppedQueueFull),
                statistics.Get(Counter.DroppedSlowConsumer),
                statistics.Get(Counter.DroppedExpired),
                statistics.Get(Counter.DroppedTooLarge),
                statistics.Get(Counter.DroppedRefused)),
            MessagesReceivedByQos = QosFigures.Of(packets[PacketType.Publish - PacketType.Connect].Received, statistics.Get(Counter.ReceivedAtLeastOnce), statistics.Get(Counter.ReceivedExactlyOnce)),
            MessagesSentByQos = QosFigures.Of(packets[PacketType.Publish - PacketType.Connect].Sent, statistics.Get(Counter.SentAtLeastOnce), statistics.Get(Counter.SentExactlyOnce)),
            PayloadBytesReceivedByQos = QosFigures.Read(statistics, Statistics.ReceivedPayloadCounterOf),
            PayloadBytesSentByQos = QosFigures.Read(statistics, Statistics.SentPayloadCounterOf),
            AliasSavedBytes = statistics.Get(Counter.AliasSavedBytes),
            Packets = packets,
        };
    }
}

/// <summary>Control packets of one type.</summary>
/// <param name="Type">The type.</param>
/// <param name="Received">From clients.</param>
/// <param name="Sent">To clients.</param>
public readonly record struct PacketFigures(PacketType Type, long Received, long Sent);

/// <summary>Messages or bytes by their QoS.</summary>
public readonly record struct QosFigures(long AtMostOnce, long AtLeastOnce, long ExactlyOnce)
{
    /// <summary>Those of every QoS.</summary>
    public long Total => AtMostOnce + AtLeastOnce + ExactlyOnce;

    internal static QosFigures Read(Statistics statistics, Func<Qos, Counter> counterOf) =>
        new(statistics.Get(counterOf(Qos.AtMostOnce)), statistics.Get(counterOf(Qos.AtLeastOnce)), statistics.Get(counterOf(Qos.ExactlyOnce)));

    /// <summary>Those at QoS 0 are what is left of all.</summary>
    internal static QosFigures Of(long all, long atLeastOnce, long exactlyOnce) => new(Math.Max(0, all - atLeastOnce - exactlyOnce), atLeastOnce, exactlyOnce);
}

/// <summary>Messages dropped, by cause.</summary>
/// <param name="QueueFull">The session's queue was full.</param>
/// <param name="SlowConsumer">QoS 0, for a client whose socket did not drain.</param>
/// <param name="Expired">Its Message Expiry Interval was over.</param>
/// <param name="TooLarge">Larger than the client's Maximum Packet Size.</param>
/// <param name="Refused">Refused to its publisher.</param>
public readonly record struct DropFigures(long QueueFull, long SlowConsumer, long Expired, long TooLarge, long Refused)
{
    public long Total => QueueFull + SlowConsumer + Expired + TooLarge + Refused;
}
