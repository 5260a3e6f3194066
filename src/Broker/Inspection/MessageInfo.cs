using Avocet.Protocol;

namespace Avocet.Broker.Inspection;

/// <summary>A message that the broker holds.</summary>
/// <param name="TopicName">The Topic Name, mount point included.</param>
/// <param name="Payload">The payload; cut where less was asked for.</param>
public sealed record MessageInfo(string TopicName, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Bytes of the whole payload.</summary>
    public int PayloadSize { get; init; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>The client that published it; null where that is not known.</summary>
    public string? PublisherId { get; init; }

    /// <summary>When it expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The properties that are passed on, encoded as on the wire.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }
}

/// <summary>The beginning of what waits for a session.</summary>
/// <param name="Inflight">Sent and not acknowledged, the oldest first.</param>
/// <param name="Queued">Waiting, in their order, as far as they are in memory.</param>
/// <param name="QueuedTotal">Waiting in all, those in the store included.</param>
public sealed record QueuePeek(IReadOnlyList<MessageInfo> Inflight, IReadOnlyList<MessageInfo> Queued, long QueuedTotal);
