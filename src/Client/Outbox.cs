using Avocet.Client.Publishing;

namespace Avocet.Client;

/// <summary>
/// Where messages wait until they are sent and, at QoS 1 and 2, acknowledged. It is bounded: beyond that, publishing waits. <c>Outbox.OnDisk(path)</c> of the
/// package Avocet.Client.Sqlite survives a restart of the program.
/// </summary>
public abstract class Outbox
{
    private const int MessagesMaxDefault = 10_000;
    private const long BytesMaxDefault = 64 * 1024 * 1024;

    internal Outbox(int messagesMax, long bytesMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messagesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesMax, 1);
        MessagesMax = messagesMax;
        BytesMax = bytesMax;
    }

    /// <summary>Messages that may wait.</summary>
    public int MessagesMax { get; }

    /// <summary>Bytes of topics and payloads that may wait; a single message may be larger.</summary>
    public long BytesMax { get; }

    /// <summary>An outbox in memory, which ends with the program.</summary>
    /// <param name="messagesMax">Messages that may wait.</param>
    /// <param name="bytesMax">Bytes of topics and payloads that may wait.</param>
    public static Outbox InMemory(int messagesMax = MessagesMaxDefault, long bytesMax = BytesMaxDefault) => new MemoryOutbox(messagesMax, bytesMax);

    /// <summary>Whether messages survive the program.</summary>
    internal virtual bool IsKept => false;

    /// <summary>Opens what is kept; null when nothing is.</summary>
    internal abstract ValueTask<OutboxJournal?> OpenAsync(CancellationToken cancellationToken);

    private sealed class MemoryOutbox(int messagesMax, long bytesMax) : Outbox(messagesMax, bytesMax)
    {
        internal override ValueTask<OutboxJournal?> OpenAsync(CancellationToken cancellationToken) => new((OutboxJournal?)null);
    }
}
