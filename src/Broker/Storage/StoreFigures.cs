namespace Avocet.Broker.Storage;

/// <summary>What a store has done since it was opened.</summary>
/// <param name="BytesWritten">Bytes written to the medium: logs, tables, and what rewriting tables cost.</param>
/// <param name="Syncs">How often it waited for the medium.</param>
/// <param name="Size">Bytes the data takes now.</param>
public readonly record struct StoreFigures(long BytesWritten, long Syncs, long Size);
