namespace Avocet.Broker.Topics;

/// <summary>
/// The subscriptions of one filter. One writer at a time, readers without locks: items are appended in place, a removed one leaves a hole, and
/// the array is replaced when it is full or mostly holes.
/// </summary>
internal sealed class SubscriberSet
{
    private volatile Storage _storage = new(1);
    private volatile SharedGroup[] _groups = [];
    private int _count;

    public bool IsEmpty => _count == 0 && _groups.Length == 0;

    /// <summary>The shared groups of this filter.</summary>
    public SharedGroup[] Groups => _groups;

    /// <summary>What is there now; entries may be null.</summary>
    public ReadOnlySpan<Subscription?> Items
    {
        get
        {
            var storage = _storage;
            return storage.Items.AsSpan(0, Volatile.Read(ref storage.Used));
        }
    }

    public void Add(Subscription subscription)
    {
        var storage = _storage;
        if (storage.Used == storage.Items.Length) storage = Compact((_count + 1) * 2);

        subscription.Slot = storage.Used;
        storage.Items[storage.Used] = subscription;
        Volatile.Write(ref storage.Used, storage.Used + 1);
        _count++;
    }

    /// <summary>Puts a subscription in another's place, without a moment in which neither is there. [MQTT-3.8.4-4]</summary>
    public void Replace(Subscription old, Subscription with)
    {
        with.Slot = old.Slot;
        Volatile.Write(ref _storage.Items[old.Slot], with);
    }

    public void Remove(Subscription subscription)
    {
        Volatile.Write(ref _storage.Items[subscription.Slot], null);
        _count--;
        if (_storage.Used > 8 && _count * 4 < _storage.Used) Compact(Math.Max(1, _count * 2));
    }

    /// <summary>The group of this share name, made if it is not there.</summary>
    /// <param name="shareName">The share name.</param>
    /// <param name="filter">The whole filter of its members.</param>
    public SharedGroup GetOrAddGroup(ReadOnlySpan<byte> shareName, byte[] filter)
    {
        foreach (var group in _groups)
        {
            if (shareName.SequenceEqual(group.ShareName)) return group;
        }

        var added = new SharedGroup(shareName.ToArray(), filter);
        _groups = [.. _groups, added];
        return added;
    }

    public void RemoveGroup(SharedGroup group) => _groups = Array.FindAll(_groups, other => other != group);

    private Storage Compact(int capacity)
    {
        var storage = new Storage(capacity);
        foreach (var subscription in Items)
        {
            if (subscription is null) continue;

            subscription.Slot = storage.Used;
            storage.Items[storage.Used++] = subscription;
        }

        _storage = storage;
        return storage;
    }

    private sealed class Storage(int capacity)
    {
        public readonly Subscription?[] Items = new Subscription?[capacity];
        public int Used;
    }
}
