using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Client;

/// <summary>How to subscribe.</summary>
public sealed record SubscribeOptions
{
    /// <summary>The highest QoS with which the broker is to send.</summary>
    public Qos Qos { get; init; } = Qos.AtLeastOnce;

    /// <summary>Leave out what this client published itself. 5.0 only.</summary>
    public bool NoLocal { get; init; }

    /// <summary>Keep the RETAIN flag as it was published. 5.0 only.</summary>
    public bool RetainAsPublished { get; init; }

    /// <summary>When to send retained messages. 5.0 only.</summary>
    public RetainHandling RetainHandling { get; init; }

    /// <summary>User Properties of SUBSCRIBE. 5.0 only.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];

    /// <summary>Messages that may wait to be handled.</summary>
    public int BufferMessages { get; init; } = 1024;

    /// <summary>What happens beyond that.</summary>
    public OverflowPolicy Overflow { get; init; } = OverflowPolicy.DropOldest;

    /// <summary>When messages are acknowledged.</summary>
    public AcknowledgeMode Acknowledge { get; init; } = AcknowledgeMode.AfterHandling;

    /// <summary>How many handlers may run at a time. The messages of one topic are handled in order, one after the other.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>
    /// Whether the end of the subscription is told to the broker. Set false where the session is to outlive the program, so that the broker goes on to
    /// queue messages.
    /// </summary>
    public bool UnsubscribesAtEnd { get; init; } = true;
}
