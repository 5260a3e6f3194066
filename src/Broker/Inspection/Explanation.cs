using Avocet.Broker.Monitoring.Events;
using Avocet.Protocol;

namespace Avocet.Broker.Inspection;

/// <summary>A message that somebody asks about.</summary>
/// <param name="TopicName">The Topic Name, mount point included.</param>
public sealed record ExplainRequest(string TopicName)
{
    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Who publishes it; null for nobody in particular.</summary>
    public string? PublisherId { get; init; }

    /// <summary>Who is to get it; null for all who would.</summary>
    public string? SubscriberId { get; init; }

    /// <summary>Receivers that are listed at most.</summary>
    public int ReceiversMax { get; init; } = 1000;
}

/// <summary>Who would get a message now and who would not, and why.</summary>
/// <param name="Request">What was asked.</param>
public sealed record Explanation(ExplainRequest Request)
{
    /// <summary>What keeps the message from being taken at all, such as a Topic Name that is not valid; null for nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the publisher may publish it; null where no publisher was asked about, or what it may do is not known because it never connected.</summary>
    public bool? MayPublish { get; init; }

    /// <summary>The rule that decides that; null where there is none.</summary>
    public string? PublishRule { get; init; }

    /// <summary>The subscribers, and whoever was asked about.</summary>
    public IReadOnlyList<Receiver> Receivers { get; init; } = [];

    /// <summary>Receivers in all; more than are listed where there are very many.</summary>
    public int ReceiverCount { get; init; }

    /// <summary>Whether the topic has a retained message now.</summary>
    public bool HasRetained { get; init; }

    /// <summary>What happened lately with this topic, or with whoever was asked about, the oldest first.</summary>
    public IReadOnlyList<BrokerEvent> Events { get; init; } = [];
}

/// <summary>What would become of a message for one client.</summary>
/// <param name="ClientId">The client.</param>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="Detail">In words.</param>
public sealed record Receiver(string ClientId, ReceiverOutcome Outcome, string Detail)
{
    /// <summary>The Topic Filters that match, as the client gave them, with its mount point.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>The QoS it is sent with: the lower one of the message's and the subscription's.</summary>
    public Qos? Qos { get; init; }

    public bool IsConnected { get; init; }

    /// <summary>Messages that wait for the client already.</summary>
    public long QueuedMessages { get; init; }

    /// <summary>The rule that decides whether it may read the topic; null where there is none.</summary>
    public string? Rule { get; init; }
}
