using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;

namespace Avocet.Broker.Storage;

/// <summary>A message which a durable session has taken.</summary>
/// <param name="Session">The session.</param>
/// <param name="Outbound">The message, with its sequence number.</param>
/// <param name="BytesSoFar">Bytes of all messages the session ever took, this one included.</param>
internal readonly record struct QueuedDelivery(Session Session, OutboundMessage Outbound, long BytesSoFar);

/// <summary>A Packet Identifier of a QoS 2 PUBLISH that came, or was released.</summary>
internal readonly record struct ReceivedChange(Session Session, ushort PacketId, bool IsAdded);

/// <summary>A retained message that was replaced or removed.</summary>
/// <param name="TopicName">The topic.</param>
/// <param name="Message">The message now, or null.</param>
/// <param name="Former">The one before, or null.</param>
internal readonly record struct RetainedChange(byte[] TopicName, Message? Message, Message? Former);

/// <summary>A state of a session record, or its end.</summary>
/// <param name="Session">The session.</param>
/// <param name="Version">Of the states of one session the highest counts.</param>
/// <param name="Record">The record; null when the session has ended.</param>
internal readonly record struct SessionChange(Session Session, long Version, byte[]? Record);

/// <summary>
/// What one publication changes, gathered while it is routed, to be written in one batch: a QoS 2 identifier without its message, or half of the
/// receivers, must not survive a crash. Belongs to whoever routes.
/// </summary>
internal sealed class StoreChanges
{
    public List<QueuedDelivery> Deliveries { get; } = [];

    public List<ReceivedChange> Received { get; } = [];

    public List<RetainedChange> Retained { get; } = [];

    public List<SessionChange> Sessions { get; } = [];

    /// <summary>Deliveries at QoS 2 to sessions that are not durable, which wait until the others are kept: else a publisher that is refused and sends again would bring them twice.</summary>
    public List<(Session Session, Message Message)> Held { get; } = [];

    /// <summary>Entries of ended sessions' queues that other members of their shared groups have now: session number, sequence number, shared message.</summary>
    public List<(long Session, long Sequence, long MessageNumber)> HandedOver { get; } = [];

    public bool IsEmpty => Deliveries.Count == 0 && Retained.Count == 0 && Sessions.Count == 0 && Received.Count == 0 && HandedOver.Count == 0;

    public void Clear()
    {
        Deliveries.Clear();
        Received.Clear();
        Retained.Clear();
        Sessions.Clear();
        HandedOver.Clear();
        Held.Clear();
    }
}
