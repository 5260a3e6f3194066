namespace Avocet.Broker.Monitoring.Events;

/// <summary>What the broker decided.</summary>
public enum BrokerEventKind
{
    /// <summary>A client was let in.</summary>
    Connected,

    /// <summary>A connection ended.</summary>
    Disconnected,

    /// <summary>A connection was refused.</summary>
    ConnectionRefused,

    /// <summary>A connection ended because another one uses its client identifier.</summary>
    TakenOver,

    /// <summary>A client sent something that MQTT does not allow.</summary>
    ProtocolError,

    /// <summary>A PUBLISH was refused: not authorized, not valid, or not to be kept.</summary>
    PublishRefused,

    /// <summary>A Topic Filter of a SUBSCRIBE was refused.</summary>
    SubscribeRefused,

    /// <summary>A message did not go to a subscriber, who may not read its topic.</summary>
    DeliveryDenied,

    /// <summary>A message was dropped because the queue of a session was full.</summary>
    QueueFull,

    /// <summary>A message at QoS 0 was dropped because the client does not read fast enough.</summary>
    SlowConsumer,

    /// <summary>A message was dropped because it expired before it could be sent.</summary>
    MessageExpired,

    /// <summary>A message was dropped because it exceeds the client's Maximum Packet Size.</summary>
    MessageTooLarge,

    /// <summary>A session ended, and what was queued for it went with it.</summary>
    SessionEnded,

    /// <summary>A topic that messages came to at a rhythm has stopped.</summary>
    TopicSilent,

    /// <summary>Messages come again to a topic that was silent.</summary>
    TopicResumed,

    /// <summary>A client that published at a rhythm has stopped.</summary>
    ClientSilent,

    /// <summary>A client that was silent publishes again.</summary>
    ClientResumed,

    /// <summary>A client connects again and again.</summary>
    Flapping,

    /// <summary>The store cannot be written.</summary>
    StoreFailed,

    /// <summary>The store can be written again.</summary>
    StoreRecovered,

    /// <summary>Memory is short.</summary>
    MemoryShort,

    /// <summary>Memory is no longer short.</summary>
    MemoryFree,
}
