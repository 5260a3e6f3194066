namespace Avocet.Security.Login;

/// <summary>Counts failures of addresses and users for a while. Bounded: where too many fail at a time, those are forgotten whose last failure is the oldest.</summary>
internal sealed class FailureLog<TKey>(int failuresMax, TimeSpan time, TimeProvider timeProvider)
    where TKey : notnull
{
    /// <summary>Keys remembered at a time.</summary>
    public const int KeysMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byTime = [];

    public int Count
    {
        get
        {
            lock (_gate) return _entries.Count;
        }
    }

    /// <summary>Whether it has failed too often.</summary>
    public bool IsBanned(TKey key)
    {
        if (failuresMax == 0) return false;

        lock (_gate)
        {
            ForgetOld();
            return _entries.TryGetValue(key, out var node) && node.Value.Failures >= failuresMax;
        }
    }

    /// <summary>Counts a failure; returns how many there are now.</summary>
    public int Add(TKey key)
    {
        lock (_gate)
        {
            ForgetOld();
            var failures = 1;
            if (_entries.Remove(key, out var node))
            {
                failures = node.Value.Failures + 1;
                _byTime.Remove(node);
            }

            if (_entries.Count >= KeysMax) Forget(_byTime.First!);

            _entries[key] = _byTime.AddLast(new Entry(key, failures, timeProvider.GetTimestamp()));
            return failures;
        }
    }

    /// <summary>A success: what failed before was a mistake.</summary>
    public void Clear(TKey key)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var node)) Forget(node);
        }
    }

    private void ForgetOld()
    {
        while (_byTime.First is { } first && timeProvider.GetElapsedTime(first.Value.At) >= time) Forget(first);
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _byTime.Remove(node);
        _entries.Remove(node.Value.Key);
    }

    private readonly record struct Entry(TKey Key, int Failures, long At);
}
