namespace Avocet.Cli.Bench;

/// <summary>
/// Bounds what one publisher has sent and its receivers have not got yet, so that no broker is measured while it drops for a consumer that is slow.
/// A publisher that reaches the limit pauses until half of it is free: it then sends many at once.
/// </summary>
/// <param name="limit">Messages on their way at most.</param>
/// <param name="receivers">How many receivers there are.</param>
/// <param name="eachReceivesAll">Whether each message goes to all receivers; else it goes to one of them.</param>
internal sealed class Outstanding(int limit, int receivers, bool eachReceivesAll)
{
    private readonly Lock _gate = new();
    private readonly long[] _progress = new long[receivers];
    private readonly int _resumeFree = Math.Max(1, limit / 2);
    private long _sum;
    private long _floor;
    private long _sentAtPause;
    private bool _isPaused;

    /// <summary>How many of the wanted messages may be sent now. 0 means that <see cref="Advance"/> will tell when to go on.</summary>
    public int Take(long sent, int wanted)
    {
        var free = limit - (sent - Volatile.Read(ref _floor));
        if (free > 0) return (int)Math.Min(free, wanted);

        lock (_gate)
        {
            _floor = Floor();
            free = limit - (sent - _floor);
            if (free >= _resumeFree) return (int)Math.Min(free, wanted);

            _isPaused = true;
            _sentAtPause = sent;
            return 0;
        }
    }

    /// <summary>Notes how far a receiver is. Returns whether the publisher waits for this and can go on.</summary>
    public bool Advance(int receiver, long progress)
    {
        lock (_gate)
        {
            _sum += progress - _progress[receiver];
            _progress[receiver] = progress;
            if (!_isPaused) return false;

            // The receiver that is furthest behind decides; most of the time it is not this one.
            if (eachReceivesAll && limit - (_sentAtPause - progress) < _resumeFree) return false;

            _floor = Floor();
            if (limit - (_sentAtPause - _floor) < _resumeFree) return false;

            _isPaused = false;
            return true;
        }
    }

    private long Floor()
    {
        if (!eachReceivesAll) return _sum;

        var least = long.MaxValue;
        foreach (var progress in _progress) least = Math.Min(least, progress);
        return least;
    }
}
