namespace Avocet.Broker.Inspection;

/// <summary>What would become of a message for one subscriber.</summary>
public enum ReceiverOutcome
{
    /// <summary>It is sent at once.</summary>
    Sent,

    /// <summary>It waits: the client is offline, or has not acknowledged what was sent before.</summary>
    Queued,

    /// <summary>It is dropped: the queue of the session is full.</summary>
    QueueFull,

    /// <summary>At QoS 0 it is for those who are connected, and the client is not.</summary>
    OfflineAtMostOnce,

    /// <summary>At QoS 0 it is dropped: the client does not read fast enough.</summary>
    SlowConsumer,

    /// <summary>The client may not read this topic.</summary>
    Denied,

    /// <summary>The client publishes it itself, and its subscription has No Local.</summary>
    NoLocal,

    /// <summary>Another member of the shared subscription has the next turn.</summary>
    AnotherMember,

    /// <summary>The client has a session, but no subscription of it matches.</summary>
    NotSubscribed,

    /// <summary>The client has no session: it never connected, or its session has ended.</summary>
    NoSession,
}
