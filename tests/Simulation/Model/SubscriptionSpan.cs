using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>
/// One SUBSCRIBE to one filter and how long it holds: from when it may and from when it must be in force, and until when. In between, while a request is
/// unanswered, either is right.
/// </summary>
internal sealed class SubscriptionSpan
{
    public required string Filter { get; init; }

    public required Qos Qos { get; init; }

    public bool NoLocal { get; init; }

    public bool RetainAsPublished { get; init; }

    /// <summary>Whether retained messages are sent because of it.</summary>
    public bool SendsRetained { get; init; }

    public required long PossibleFrom { get; init; }

    public long PossibleTo { get; set; } = Message.Never;

    public long CertainFrom { get; set; } = Message.Never;

    public long CertainTo { get; set; } = Message.Never;

    /// <summary>The name of the shared group with its filter, or null.</summary>
    public string? Group => Filter.StartsWith("$share/", StringComparison.Ordinal) ? Filter : null;

    private string Inner => Group is null ? Filter : Filter[(Filter.IndexOf('/', "$share/".Length) + 1)..];

    /// <summary>Whether it may have been in force at some moment from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public bool MayCover(long from, long to) => PossibleFrom <= to && PossibleTo >= from;

    /// <summary>Whether it was in force all the time.</summary>
    public bool CertainlyCovers(long from, long to) => CertainFrom <= from && CertainTo >= to;

    public bool Matches(string topic) => TopicMatch.IsMatch(Inner, topic);
}
