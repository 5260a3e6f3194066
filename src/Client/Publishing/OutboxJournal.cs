namespace Avocet.Client.Publishing;

/// <summary>A message as an outbox keeps it.</summary>
/// <param name="Key">Its place in the order.</param>
/// <param name="PacketId">0 until it was sent.</param>
/// <param name="IsReceived">PUBREC has come: only PUBREL is to be sent.</param>
/// <param name="KeptAt">When it was accepted, for its expiry.</param>
/// <param name="Message">The message.</param>
internal sealed record StoredPublish(long Key, ushort PacketId, bool IsReceived, DateTimeOffset KeptAt, MqttMessage Message);

/// <summary>
/// What keeps the QoS 1 and 2 messages of an outbox over a restart. Changes are made in the order of the calls, and a task completes when its change is on
/// the disk.
/// </summary>
internal abstract class OutboxJournal : IAsyncDisposable
{
    /// <summary>What an earlier run left, in order.</summary>
    public abstract IReadOnlyList<StoredPublish> Stored { get; }

    /// <summary>Keeps a new message.</summary>
    public abstract Task AddAsync(StoredPublish message);

    /// <summary>Keeps how far a message has come.</summary>
    public abstract Task UpdateAsync(long key, ushort packetId, bool isReceived);

    /// <summary>Forgets a message.</summary>
    public abstract Task RemoveAsync(long key);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
