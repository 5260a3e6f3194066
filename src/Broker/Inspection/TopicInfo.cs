namespace Avocet.Broker.Inspection;

/// <summary>What is known of a topic that messages were published to.</summary>
/// <param name="Topic">The Topic Name, mount point included.</param>
public sealed record TopicInfo(string Topic)
{
    /// <summary>Messages since the broker's start, or since the topic was forgotten.</summary>
    public long Messages { get; init; }

    /// <summary>Averaged over about ten seconds.</summary>
    public double MessagesPerSecond { get; init; }

    /// <summary>Bytes of topic, properties and payload.</summary>
    public long Bytes { get; init; }

    /// <summary>Averaged over about ten seconds.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>When the last message came; null where it is retained from before the broker's start.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Bytes of the last payload.</summary>
    public int LastBytes { get; init; }

    /// <summary>The clients that published to it, the latest last; the last ten of them, and empty in lists.</summary>
    public IReadOnlyList<string> Publishers { get; init; } = [];

    public bool IsRetained { get; init; }

    /// <summary>A moving average of the time between two messages; several within a second count as one. Null while it is not known.</summary>
    public TimeSpan? UsualInterval { get; init; }

    /// <summary>When the last message came before it fell silent; null where it is not silent.</summary>
    public DateTimeOffset? SilentSince { get; init; }
}

/// <summary>A level of the tree of topics, with what is at and below it.</summary>
/// <param name="Level">The level.</param>
/// <param name="Topic">The levels up to this one.</param>
public sealed record TopicLevel(string Level, string Topic)
{
    /// <summary>Topics at and below it.</summary>
    public int Topics { get; init; }

    public long Messages { get; init; }

    public double MessagesPerSecond { get; init; }

    public double BytesPerSecond { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Bytes of the payload that came last; null where it is no topic itself.</summary>
    public int? LastBytes { get; init; }

    /// <summary>Whether the topic itself has a retained message.</summary>
    public bool IsRetained { get; init; }

    /// <summary>Whether a topic at or below it is silent.</summary>
    public bool IsSilent { get; init; }

    public bool HasChildren { get; init; }

    /// <summary>Whether messages were published to it itself.</summary>
    public bool IsTopic { get; init; }
}

/// <summary>A topic or client that published at a rhythm and has stopped.</summary>
/// <param name="IsClient">Whether it is a client.</param>
/// <param name="Name">The topic, or the client identifier.</param>
/// <param name="LastAt">When it was last heard of.</param>
/// <param name="UsualInterval">How often it usually is.</param>
public sealed record SilentInfo(bool IsClient, string Name, DateTimeOffset LastAt, TimeSpan UsualInterval);
