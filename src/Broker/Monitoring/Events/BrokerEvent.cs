using Avocet.Protocol;

namespace Avocet.Broker.Monitoring.Events;

/// <summary>One decision of the broker. Never holds a payload or a password.</summary>
/// <param name="Kind">What was decided.</param>
public sealed record BrokerEvent(BrokerEventKind Kind)
{
    /// <summary>Goes up by one with each event since the broker's start; the first is 1.</summary>
    public long Number { get; internal set; }

    public DateTimeOffset Time { get; internal set; }

    /// <summary>The client it concerns, as far as it is known; of a message that did not arrive the one who did not get it.</summary>
    public string? ClientId { get; init; }

    public string? UserName { get; init; }

    /// <summary>IP address and port.</summary>
    public string? Address => Origin is null ? null : Origin.RemoteEndPoint?.ToString() ?? Origin.Transport;

    public string? Listener => Origin?.Listener.Name;

    /// <summary>The Topic Name or Topic Filter, mount point included.</summary>
    public string? Topic { get; init; }

    public ReasonCode? Reason { get; init; }

    /// <summary>Why, in words.</summary>
    public string Detail { get; init; } = "";

    /// <summary>The rule that decided, such as a file and line, a role or a claim; null where there is none, or it is not known.</summary>
    public string? Rule { get; init; }

    /// <summary>How often it happened: what repeats for a client is told once, and then once a second with its count and the topic of the first.</summary>
    public long Count { get; init; } = 1;

    /// <summary>The connection that it concerns. What nobody reads is not written out.</summary>
    internal ConnectionOrigin? Origin { get; init; }
}
