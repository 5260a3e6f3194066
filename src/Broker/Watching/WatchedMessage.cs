using Avocet.Protocol;

namespace Avocet.Broker.Watching;

/// <summary>A message as it was routed.</summary>
/// <param name="TopicName">The Topic Name, mount point included.</param>
/// <param name="Payload">The payload; cut where it is long.</param>
public sealed record WatchedMessage(string TopicName, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Bytes of the whole payload.</summary>
    public int PayloadSize { get; init; }

    public Qos Qos { get; init; }

    /// <summary>RETAIN as it was published.</summary>
    public bool Retain { get; init; }

    /// <summary>The client that published it; null for the broker itself.</summary>
    public string? PublisherId { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>The properties that are passed on, encoded as on the wire.</summary>
    public ReadOnlyMemory<byte> Properties { get; init; }
}
