using System.Numerics;

namespace Avocet.Broker.Topics;

/// <summary>
/// The latest match results of one publisher, found by topic. It starts with one place and grows with the topics that it meets, to a limit;
/// a collision replaces the older result. Not thread-safe: each connection has its own.
/// </summary>
internal sealed class MatchCache(SubscriptionIndex index)
{
    private const int PlacesMax = 64;

    private Place[] _places = new Place[1];

    public MatchResult Match(ReadOnlySpan<byte> topicName)
    {
        var hash = Utf8Comparer.HashOf(topicName);
        ref var place = ref _places[hash & (_places.Length - 1)];
        if (place.Hash == hash && place.Result is { } result && result.Version == index.Version && topicName.SequenceEqual(place.TopicName)) return result;

        return MatchAnew(hash, topicName);
    }

    private MatchResult MatchAnew(int hash, ReadOnlySpan<byte> topicName)
    {
        var result = index.Match(topicName);
        ref var place = ref _places[hash & (_places.Length - 1)];
        if (place.TopicName is not null && place.Hash != hash && _places.Length < PlacesMax)
        {
            Grow();
            place = ref _places[hash & (_places.Length - 1)];
        }

        if (place.Hash != hash || place.TopicName is null || !topicName.SequenceEqual(place.TopicName)) place.TopicName = topicName.ToArray();
        place.Hash = hash;
        place.Result = result;
        return result;
    }

    private void Grow()
    {
        var old = _places;
        _places = new Place[(int)BitOperations.RoundUpToPowerOf2((uint)old.Length + 1)];
        foreach (var place in old)
        {
            if (place.TopicName is not null) _places[place.Hash & (_places.Length - 1)] = place;
        }
    }

    private struct Place
    {
        public int Hash;
        public byte[]? TopicName;
        public MatchResult? Result;
    }
}
