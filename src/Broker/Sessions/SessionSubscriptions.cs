using System.Diagnostics.CodeAnalysis;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Sessions;

/// <summary>
/// The subscriptions of a session by their whole filter. Most sessions have few, for which a search over an array takes less time and a tenth of the memory of a
/// dictionary. The session's gate guards it.
/// </summary>
internal struct SessionSubscriptions()
{
    private const int FewMax = 8;

    private Subscription[] _few = [];
    private Dictionary<byte[], Subscription>? _many;

    public readonly IEnumerable<Subscription> All => _many is null ? _few : _many.Values;

    public readonly int Count => _many?.Count ?? _few.Length;

    public readonly bool TryGet(ReadOnlySpan<byte> filter, [NotNullWhen(true)] out Subscription? subscription)
    {
        if (_many is not null) return _many.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(filter, out subscription);

        foreach (var candidate in _few)
        {
            if (!filter.SequenceEqual(candidate.Filter)) continue;

            subscription = candidate;
            return true;
        }

        subscription = null;
        return false;
    }

    /// <summary>Adds a subscription, or puts it in the place of the one with the same filter.</summary>
    public void Set(Subscription subscription)
    {
        if (_many is null && TryGet(subscription.Filter, out var old))
        {
            _few[Array.IndexOf(_few, old)] = subscription;
        }
        else if (_many is null && _few.Length < FewMax)
        {
            _few = [.. _few, subscription];
        }
        else
        {
            _many ??= _few.ToDictionary(one => one.Filter, Utf8Comparer.Instance);
            _few = [];
            _many[subscription.Filter] = subscription;
        }
    }

    public bool Remove(ReadOnlySpan<byte> filter, [NotNullWhen(true)] out Subscription? subscription)
    {
        if (_many is not null) return _many.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(filter, out _, out subscription);
        if (!TryGet(filter, out subscription)) return false;

        var removed = subscription;
        _few = Array.FindAll(_few, one => one != removed);
        return true;
    }

    public void Clear()
    {
        _few = [];
        _many = null;
    }
}
