using System.Diagnostics.CodeAnalysis;
using System.Text;
using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>What the broker publishes when the client goes without a goodbye.</summary>
public sealed record Will
{
    /// <summary>A will whose parts are set one by one.</summary>
    public Will()
    {
    }

    /// <summary>A will with a text as payload.</summary>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="text">The payload, sent as UTF-8.</param>
    [SetsRequiredMembers]
    public Will(string topic, string text)
    {
        Topic = topic;
        Payload = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The Topic Name.</summary>
    public required string Topic { get; init; }

    /// <summary>The payload, of at most 65,535 bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The QoS with which it is published.</summary>
    public Qos Qos { get; init; }

    /// <summary>Whether it is retained.</summary>
    public bool Retain { get; init; }

    /// <summary>How long the broker waits for the client to come back first. 5.0 only.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>After this time it is of no use any more; null for never. 5.0 only.</summary>
    public TimeSpan? MessageExpiry { get; init; }

    /// <summary>What kind of payload it is. 5.0 only.</summary>
    public string? ContentType { get; init; }

    /// <summary>Whether the payload is said to be UTF-8 text. 5.0 only.</summary>
    public bool IsUtf8 { get; init; }

    /// <summary>Where an answer is to go. 5.0 only.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>What belongs to the answer; null for none. 5.0 only.</summary>
    public ReadOnlyMemory<byte>? CorrelationData { get; init; }

    /// <summary>User Properties of the will. 5.0 only.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}
