namespace Avocet.Broker.Sessions;

/// <summary>What a session did with a message.</summary>
internal enum DeliveryResult
{
    /// <summary>Written to the connection.</summary>
    Sent,

    /// <summary>Kept until the connection, or the in-flight window, has room.</summary>
    Queued,

    /// <summary>Dropped because the queue is full; counted.</summary>
    Refused,

    /// <summary>Not for this session now: QoS 0 while it is offline, or too slow, or it has just ended.</summary>
    Skipped,
}
