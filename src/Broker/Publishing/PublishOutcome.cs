namespace Avocet.Broker.Publishing;

/// <summary>What became of a message.</summary>
/// <param name="Problem">Why it was not published, or is not kept; null when all is well.</param>
/// <param name="IsInvalid">Whether the problem lies in the message rather than in the broker.</param>
/// <param name="Matched">Sessions whose subscriptions matched.</param>
/// <param name="Dropped">Those of them that dropped it, for their queue is full.</param>
public sealed record PublishOutcome(string? Problem, bool IsInvalid, int Matched, int Dropped)
{
    internal static PublishOutcome Invalid(string problem) => new(problem, true, 0, 0);

    internal static PublishOutcome Refused(string problem) => new(problem, false, 0, 0);
}
