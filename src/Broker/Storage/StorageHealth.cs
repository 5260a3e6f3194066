namespace Avocet.Broker.Storage;

/// <summary>How a broker's store fares.</summary>
/// <param name="HasStore">Whether there is one; without it everything lives in memory only.</param>
/// <param name="Problem">What keeps it from writing now; null when it works.</param>
/// <param name="Figures">What it has written.</param>
/// <param name="Commits">Batches written since the start.</param>
/// <param name="MessagesKept">QoS 1 and 2 publications that were written before they were acknowledged.</param>
public readonly record struct StorageHealth(bool HasStore, string? Problem, StoreFigures Figures, long Commits, long MessagesKept);
