using Avocet.Broker.Storage;

namespace Avocet.Broker.Sessions;

/// <summary>
/// The queue of one session: its beginning in memory and, where a store keeps it, the rest there, to be read in parts. The session's gate guards it; the
/// session enforces its limits.
/// </summary>
internal sealed class SessionQueue(Session session)
{
    /// <summary>Messages and bytes of a durable session's queue that are kept in memory.</summary>
    private const int ResidentMessagesMax = 256;

    private const int ResidentBytesMax = 256 * 1024;

    /// <summary>With so few in memory the next part is read.</summary>
    private const int ResidentMessagesMin = 128;

    private const int MissedPagesMax = 3;

    private readonly MessageQueue _resident = new();
    private StoredTail? _stored;
    private int _missedPages;
    private bool _waitsForCommit;

    /// <summary>Messages, those in the store included.</summary>
    public long Count => _resident.Count + (_stored?.Count ?? 0);

    public long Bytes => _resident.Bytes + (_stored?.Bytes ?? 0);

    /// <summary>Messages in memory.</summary>
    public int ResidentCount => _resident.Count;

    /// <summary>Whether there may be messages at QoS 0.</summary>
    public bool MayHoldAtMostOnce => _resident.AtMostOnceCount > 0 || IsStored;

    /// <summary>Whether a part of it lies in the store only.</summary>
    public bool IsStored => _stored is { Count: > 0 };

    /// <summary>The sequence number of the first message. Meant while there are any.</summary>
    public long First => _resident.TryPeek(out var first) ? first.Sequence : _stored!.From;

    /// <summary>The first message, if it is in memory.</summary>
    public bool TryPeek(out OutboundMessage message) => _resident.TryPeek(out message);

    /// <summary>The first messages of those in memory.</summary>
    public OutboundMessage[] Peek(int max) => _resident.Peek(max);

    public bool TryDequeue(out OutboundMessage message) => _resident.TryDequeue(out message);

    /// <summary>Takes a message as the last one.</summary>
    public void Add(in OutboundMessage message)
    {
        var isFarBehind = session.IsDurable && (IsStored || _resident.Count >= ResidentMessagesMax || _resident.Bytes >= ResidentBytesMax);
        if (isFarBehind) (_stored ??= new StoredTail()).Add(message);
        else _resident.Enqueue(message);
    }

    /// <summary>Takes a message out of the middle, for it could not be stored.</summary>
    public void Remove(in OutboundMessage message)
    {
        if (!_resident.Remove(message.Sequence)) _stored?.Discard(message);
    }

    /// <summary>Goes on with what was in the store at the broker's start.</summary>
    public void Restore(StoredTail stored) => _stored = stored;

    /// <summary>Learns what is missing in that.</summary>
    public void PassOver(IEnumerable<QueueGap> gaps) => _stored?.PassOver(gaps);

    /// <summary>A read that failed is tried again for a new connection.</summary>
    public void Reset()
    {
        _stored?.IsLoading = false;
        _waitsForCommit = false;
        _missedPages = 0;
    }

    /// <summary>Lets the next part be read if few messages are left in memory.</summary>
    public void ReadOn()
    {
        if (_stored is not { Count: > 0, IsLoading: false } stored || _resident.Count >= ResidentMessagesMin) return;

        stored.IsLoading = true;
        session.Context.Scheduler.Schedule(static session => QueuePage.Load((Session)session!), session);
    }

    /// <summary>Where the next part in the store begins; false when there is none any more.</summary>
    public bool TryGetStoredFrom(out long from)
    {
        from = _stored?.From ?? 0;
        return IsStored;
    }

    /// <summary>Takes a part which was read.</summary>
    /// <param name="page">The messages in order.</param>
    /// <param name="isLast">Whether there were no more.</param>
    public void TakePage(IReadOnlyList<OutboundMessage> page, bool isLast)
    {
        if (_stored is null) return;

        _missedPages = 0;
        foreach (var outbound in page)
        {
            // It may have been read twice.
            if (outbound.Sequence < _stored.From || _stored.Count == 0) continue;

            if (_stored.TryTake(outbound)) _resident.Enqueue(outbound);
        }

        if (isLast) _stored.EndOld();

        _stored.IsLoading = false;
        // What is missing was taken from a publisher, but is not written yet.
        if (page.Count == 0 && IsStored) ReadAfterCommit(_stored);
    }

    /// <summary>A part could not be read: it is tried again after the next commit, and after a few times for the next connection.</summary>
    public void MissPage()
    {
        if (_stored is null || ++_missedPages > MissedPagesMax) return;

        _stored.IsLoading = false;
        ReadAfterCommit(_stored);
    }

    /// <summary>What it waited for is kept, or will not be.</summary>
    public void OnCommit()
    {
        if (!_waitsForCommit) return;

        _waitsForCommit = false;
        _stored?.IsLoading = false;
    }

    private void ReadAfterCommit(StoredTail stored)
    {
        var commits = session.Context.Commits!;
        _waitsForCommit = commits.TryWait(commits.PendingNumber, session, isStateDurable: false) != CommitState.Committed;
        stored.IsLoading = _waitsForCommit;
        ReadOn();
    }
}
