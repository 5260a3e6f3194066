using System.Text.Json;
using System.Text.Json.Serialization;

namespace Avocet.Cli.Store;

/// <summary>A line of an export: a JSON object whose <c>type</c> says what it is. docs/store.md describes them. Times are UTC.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(HeaderLine), "store")]
[JsonDerivedType(typeof(SessionLine), "session")]
[JsonDerivedType(typeof(MessageLine), "message")]
[JsonDerivedType(typeof(QueuedLine), "queued")]
[JsonDerivedType(typeof(RetainedLine), "retained")]
[JsonDerivedType(typeof(UsersLine), "users")]
internal abstract record StoreLine
{
    public string ToJson() => JsonSerializer.Serialize(this, StoreLineContext.Lines.StoreLine);

    /// <exception cref="JsonException">It is no such object; the path says where.</exception>
    public static StoreLine Parse(string json) => JsonSerializer.Deserialize(json, StoreLineContext.Lines.StoreLine) ?? throw new JsonException("is null");
}

/// <summary>The first line: what the others were written from.</summary>
internal sealed record HeaderLine : StoreLine
{
    /// <summary>The version of these lines.</summary>
    public required int Version { get; init; }

    /// <summary>The version of what the tables held.</summary>
    public required int Format { get; init; }

    public required DateTime ExportedAt { get; init; }
}

/// <summary>A session with all that is bounded by a client: its messages have lines of their own.</summary>
internal sealed record SessionLine : StoreLine
{
    public required string ClientId { get; init; }

    /// <summary>The mount point of the listener that it belongs to.</summary>
    public string? MountPoint { get; init; }

    /// <summary>Session Expiry Interval in seconds; 4294967295 for ever.</summary>
    public required uint ExpirySeconds { get; init; }

    /// <summary>Whether a client was connected when the broker stopped.</summary>
    public bool Connected { get; init; }

    /// <summary>When it ends; null while connected, and for ever.</summary>
    public DateTime? ExpiresAt { get; init; }

    public DateTime? WillDueAt { get; init; }

    public WillLine? Will { get; init; }

    public IReadOnlyList<SubscriptionLine>? Subscriptions { get; init; }

    /// <summary>Packet Identifiers of QoS 2 PUBLISHes from the client whose PUBREL has not come.</summary>
    public IReadOnlyList<ushort>? Received { get; init; }

    /// <summary>Deliveries below this sequence number may have been sent. A sequence number tells the Packet Identifier.</summary>
    public long SentUpTo { get; init; }

    /// <summary>Deliveries below this sequence number are done.</summary>
    public long Head { get; init; }

    /// <summary>First and last sequence number of each run from <see cref="Head"/> on that is done.</summary>
    public IReadOnlyList<long[]>? Done { get; init; }

    /// <summary>First and last sequence number of each run from <see cref="Head"/> on whose PUBREC has come, and that owes a PUBREL.</summary>
    public IReadOnlyList<long[]>? Pubrel { get; init; }
}

/// <summary>The will of a session whose client is gone.</summary>
internal sealed record WillLine
{
    public uint DelaySeconds { get; init; }

    /// <summary>Message Expiry Interval in seconds from publication on.</summary>
    public uint? ExpirySeconds { get; init; }

    public required MessageContent Message { get; init; }
}

/// <summary>A subscription with its options as in SUBSCRIBE.</summary>
internal sealed record SubscriptionLine
{
    public required string Filter { get; init; }

    public required int Qos { get; init; }

    public bool? NoLocal { get; init; }

    public bool? RetainAsPublished { get; init; }

    public int? RetainHandling { get; init; }

    /// <summary>Whether retained messages that match it are still to be handed over.</summary>
    public bool? OwesRetained { get; init; }

    /// <summary>The Subscription Identifier.</summary>
    public uint? Id { get; init; }
}

/// <summary>A message that several sessions share; their lines name its number.</summary>
internal sealed record MessageLine : StoreLine
{
    public required long Number { get; init; }

    public required MessageContent Message { get; init; }
}

/// <summary>A delivery that a session has before it.</summary>
internal sealed record QueuedLine : StoreLine
{
    public required string ClientId { get; init; }

    /// <summary>Grows from line to line of a session.</summary>
    public required long Sequence { get; init; }

    public required int Qos { get; init; }

    public bool Retain { get; init; }

    public IReadOnlyList<uint>? SubscriptionIds { get; init; }

    /// <summary>The shared subscription through which the session got it.</summary>
    public string? Group { get; init; }

    /// <summary>The number of a message line before this one; else the message is here.</summary>
    public long? Number { get; init; }

    public MessageContent? Message { get; init; }
}

/// <summary>The retained message of a topic.</summary>
internal sealed record RetainedLine : StoreLine
{
    public required MessageContent Message { get; init; }
}

/// <summary>A record of the users' database.</summary>
internal sealed record UsersLine : StoreLine
{
    /// <summary>A letter for the kind (<c>u</c>ser, <c>g</c>roup, <c>r</c>ole, <c>s</c>ettings) and the name.</summary>
    public required string Key { get; init; }

    public required JsonElement Record { get; init; }
}
