using Avocet.Protocol;

namespace Avocet.Broker.Publishing;

/// <summary>A message that the broker's operator publishes, rather than a client.</summary>
public sealed record BrokerMessage
{
    /// <summary>The Topic Name, mount points included.</summary>
    public required string Topic { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Message Expiry Interval; null for never.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>Content Type; null for none.</summary>
    public string? ContentType { get; init; }

    /// <summary>Response Topic; null for none.</summary>
    public string? ResponseTopic { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> UserProperties { get; init; } = [];
}
