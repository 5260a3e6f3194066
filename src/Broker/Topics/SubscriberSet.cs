namespace Avocet.Broker.Topics;

/// <summary>
/// The subscriptions of one filter. One writer at a time, readers without locks: a single one stands by itself, which is how most filters are; of several,
/// items are appended in place, a removed one leaves a hole, and the array is replaced when it is full or mostly holes.
/// </summary>
internal sealed class SubscriberSet
{
    /// <summary>Null, a <see cref="Subscription"/>, or a <see cref="Storage"/>.</summary>
    private volatile object? _content;
    private volatile SharedGroup[] _groups = [];
    private int _count;

    public bool IsEmpty => _count == 0 && _groups.Length == 0;

    /// <summary>The shared groups of this filter.</summary>
    public SharedGroup[] Groups => _groups;

    /// <summary>How many there are at most.</summary>
    public int CountMax => _content switch
    {
        null => 0,
        Storage storage => Volatile.Read(ref storage.Used),
        _ => 1,
    };

    /// <summary>Goes over what is there now.</summary>
    public Enumerator GetEnumerator() => new(_content);

    public void Add(Subscription subscription)
    {
        _count++;
        if (_content is null)
        {
            _content = subscription;
            return;
        }

        var storage = _content as Storage;
        if (storage is null || storage.Used == storage.Items.Length) storage = Compact(_count * 2);

        subscription.Slot = storage.Used;
        storage.Items[storage.Used] = subscription;
        Volatile.Write(ref storage.Used, storage.Used + 1);
        _content = storage;
    }

    /// <summary>Puts a subscription in another's place, without a moment in which neither is there. [MQTT-3.8.4-4]</summary>
    public void Replace(Subscription old, Subscription with)
    {
        with.Slot = old.Slot;
        if (_content is Storage storage) Volatile.Write(ref storage.Items[old.Slot], with);
        else _content = with;
    }

    public void Remove(Subscription subscription)
    {
        _count--;
        if (_content is not Storage storage)
        {
            _content = null;
            return;
        }

        Volatile.Write(ref storage.Items[subscription.Slot], null);
        if (_count == 0) _content = null;
        else if (storage.Used > 8 && _count * 4 < storage.Used) _content = Compact(_count * 2);
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
        foreach (var subscription in this)
        {
            subscription.Slot = storage.Used;
            storage.Items[storage.Used++] = subscription;
        }

        return storage;
    }

    /// <summary>What was there when the walk began, and some of what was added since.</summary>
    public ref struct Enumerator(object? content)
    {
        private readonly Storage? _storage = content as Storage;
        private readonly int _used = content switch
        {
            null => 0,
            Storage storage => Volatile.Read(ref storage.Used),
            _ => 1,
        };
        private int _next;

        public Subscription Current { get; private set; } = null!;

        public bool MoveNext()
        {
            while (_next < _used)
            {
                var subscription = _storage is null ? (Subscription?)content : Volatile.Read(ref _storage.Items[_next]);
                _next++;
                if (subscription is null) continue;

                Current = subscription;
                return true;
            }

            return false;
        }
    }

    private sealed class Storage(int capacity)
    {
        public readonly Subscription?[] Items = new Subscription?[capacity];
        public int Used;
    }
}
