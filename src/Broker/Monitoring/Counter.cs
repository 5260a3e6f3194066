namespace Avocet.Broker.Monitoring;

/// <summary>What the broker counts. Received and sent packets lie at a fixed distance from their packet type.</summary>
internal enum Counter
{
    /// <summary>Plus the packet type: packets received.</summary>
    Received = 0,

    /// <summary>Plus the packet type: packets sent.</summary>
    Sent = 16,

    BytesReceived = 32,
    BytesSent,

    /// <summary>Plus the QoS: bytes of payloads from clients.</summary>
    PublishBytesReceived,

    /// <summary>Plus the QoS: bytes of payloads to clients.</summary>
    PublishBytesSent = PublishBytesReceived + 3,

    SocketsOpened = PublishBytesSent + 3,
    ConnectionsAccepted,
    ConnectionsRefused,
    SessionsExpired,

    /// <summary>Dropped because a session's queue was full.</summary>
    DroppedQueueFull,

    /// <summary>QoS 0, dropped because the client's socket did not drain.</summary>
    DroppedSlowConsumer,

    /// <summary>Dropped because the message expired before it could be sent.</summary>
    DroppedExpired,

    /// <summary>Dropped because it exceeds the client's Maximum Packet Size.</summary>
    DroppedTooLarge,

    /// <summary>Refused to the publisher: not authorized, or not valid.</summary>
    DroppedRefused,

    /// <summary>QoS 1 and 2 publications that were written to the store and then acknowledged.</summary>
    MessagesKept,

    /// <summary>QoS 1 and 2 PUBLISHes from clients; the others are at QoS 0.</summary>
    ReceivedAtLeastOnce,
    ReceivedExactlyOnce,

    /// <summary>QoS 1 and 2 PUBLISHes to clients; the others are at QoS 0.</summary>
    SentAtLeastOnce,
    SentExactlyOnce,

    /// <summary>Bytes of Topic Names that were left out of PUBLISHes, less the bytes of the aliases in their place.</summary>
    AliasSavedBytes,

    Count,
}
