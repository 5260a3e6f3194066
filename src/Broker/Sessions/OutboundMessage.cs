using Avocet.Broker.Routing;
using Avocet.Broker.Topics;
using Avocet.Protocol;

namespace Avocet.Broker.Sessions;

/// <summary>A message for one session, waiting or in flight.</summary>
/// <param name="Message">The message, shared with other sessions.</param>
/// <param name="Qos">The QoS of this delivery.</param>
/// <param name="Retain">The RETAIN flag of this delivery.</param>
/// <param name="SubscriptionIds">The Subscription Identifiers to send, or null.</param>
/// <param name="Group">The shared group whose member the session got it as, or null.</param>
internal readonly record struct OutboundMessage(Message Message, Qos Qos, bool Retain, uint[]? SubscriptionIds, SharedGroup? Group)
{
    /// <summary>Its place in the order of the session's messages, which also tells the Packet Identifier.</summary>
    public long Sequence { get; init; }

    /// <summary>Whether it is sent only once the batch of its message is kept.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether the store was told already that this delivery does not need the message any more.</summary>
    public bool IsReleased { get; init; }

    /// <summary>The whole filter of the shared subscription, or null.</summary>
    public byte[]? GroupFilter => Group?.Filter;
}
