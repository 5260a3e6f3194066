namespace Avocet.Broker.Tracing;

/// <summary>A packet that a trace has seen. Never holds a password.</summary>
public sealed record TraceEntry
{
    /// <summary>Goes up by one with each; the first is 1.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Empty before it is known.</summary>
    public required string ClientId { get; init; }

    public required string Address { get; init; }

    /// <summary>Whether it went to the client.</summary>
    public required bool IsOut { get; init; }

    /// <summary>Such as <c>PUBLISH</c>.</summary>
    public required string Packet { get; init; }

    /// <summary>The packet on one line.</summary>
    public required string Summary { get; init; }

    /// <summary>Its fields and properties.</summary>
    public required IReadOnlyDictionary<string, string> Detail { get; init; }
}

/// <summary>What a trace follows.</summary>
public enum TraceKind
{
    Client,

    /// <summary>PUBLISH packets whose topics match a filter.</summary>
    Topic,

    Address,
}
