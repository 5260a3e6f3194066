namespace Avocet.Broker.Sessions;

/// <summary>
/// The end of a durable session's queue, which lies in the store only: behind what is in memory, so that a long queue takes little of it. The
/// session's gate guards it.
/// </summary>
internal sealed class StoredTail
{
    private long _oldEnd;
    private long _oldBytes;
    private int _newCount;
    private long _newBytes;
    private HashSet<long>? _discarded;
    private Queue<QueueGap>? _gaps;
    private long _missing;

    /// <summary>The sequence number from which on messages lie in the store only. Meant while there are any.</summary>
    public long From { get; private set; }

    /// <summary>Whether a part of it is being read, or is to be after a commit.</summary>
    public bool IsLoading { get; set; }

    /// <summary>Messages. Of those from before the broker's start it counts sequence numbers, until it is told which are missing.</summary>
    public long Count => OldCount + _newCount;

    public long Bytes => _oldBytes + _newBytes;

    private long OldCount => Math.Max(0, _oldEnd - From - _missing);

    /// <summary>Begins with what was there at the broker's start.</summary>
    public void Restore(long from, long end, long bytes)
    {
        From = from;
        _oldEnd = end;
        _oldBytes = bytes;
    }

    /// <summary>Learns what is missing in what was there at the broker's start, in order; a part of it may have been read meanwhile.</summary>
    public void PassOver(IEnumerable<QueueGap> gaps)
    {
        foreach (var gap in gaps)
        {
            _oldBytes = Math.Max(0, _oldBytes - gap.Bytes);
            if (gap.End <= From) continue;

            (_gaps ??= []).Enqueue(gap);
            _missing += gap.Length;
        }
    }

    public void Add(in OutboundMessage message)
    {
        if (Count == 0) From = message.Sequence;

        _newCount++;
        _newBytes += message.Message.Size;
    }

    /// <summary>One of those that were added is not to be delivered, whether it reached the store or not.</summary>
    public void Discard(in OutboundMessage message)
    {
        (_discarded ??= []).Add(message.Sequence);
        Forget(message.Message.Size);
    }

    /// <summary>A message was read; it is in memory from now on, unless this returns false, for it is not to be delivered.</summary>
    public bool TryTake(in OutboundMessage message)
    {
        From = message.Sequence + 1;
        while (_gaps is not null && _gaps.TryPeek(out var gap) && gap.End <= From) _missing -= _gaps.Dequeue().Length;

        if (_discarded is not null && _discarded.Remove(message.Sequence)) return false;

        if (message.Sequence < _oldEnd) _oldBytes = Math.Max(0, _oldBytes - message.Message.Size);
        else Forget(message.Message.Size);

        if (OldCount == 0) _oldBytes = 0;
        return true;
    }

    /// <summary>Everything that is committed was read.</summary>
    public void EndOld()
    {
        From = Math.Max(From, _oldEnd);
        _oldBytes = 0;
        // What was discarded and is not there now comes no more.
        if (_newCount == 0) _discarded = null;
    }

    private void Forget(int size)
    {
        _newCount--;
        _newBytes -= size;
    }
}
