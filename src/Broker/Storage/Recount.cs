namespace Avocet.Broker.Storage;

/// <summary>What a walk over the queues found after a start.</summary>
/// <param name="References">How many deliveries need each shared message.</param>
/// <param name="UnneededMessages">Shared messages that no delivery needs: a crash came between.</param>
/// <param name="AbandonedSessions">Sessions that have ended, and whose queues were not removed to the end.</param>
internal sealed record Recount(SharedMessages References, IReadOnlyList<long> UnneededMessages, IReadOnlyList<long> AbandonedSessions);
