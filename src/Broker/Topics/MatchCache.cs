using System.Numerics;
using Avocet.Broker.Monitoring.Topics;

namespace Avocet.Broker.Topics;

/// <summary>
/// The latest match results of one publisher, found by topic. It starts with one place and grows with the topics that it meets, to a limit;
/// a collision replaces the older result. Not thread-safe: each connection has its own. With a result lies the topic's tally, so that counting takes no look-up.
/// </summary>
/// <param name="index">The subscriptions.</param>
/// <param name="statistics">Where topics are counted; null for nowhere.</param>
internal sealed class MatchCache(SubscriptionIndex index, TopicStatistics? statistics)
{
    private const int PlacesMax = 64;

    private Place[] _places = new Place[1];
    private TallyBudget _budget;

    /// <summary>Everything that matches a topic of this publisher.</summary>
    public MatchResult Match(ReadOnlySpan<byte> topicName) => Find(topicName).Result!;

    /// <summary>The same for a message that is to be counted.</summary>
    /// <param name="topicName">The Topic Name.</param>
    /// <param name="publisherId">The publisher.</param>
    /// <param name="tally">Counts the messages of that topic; null where this one is not counted.</param>
    public MatchResult Match(ReadOnlySpan<byte> topicName, string? publisherId, out TopicTally? tally)
    {
        ref var place = ref Find(topicName);
        tally = place.Tally ?? Open(ref place, publisherId);
        return place.Result!;
    }

    private ref Place Find(ReadOnlySpan<byte> topicName)
    {
        var hash = Utf8Comparer.HashOf(topicName);
        ref var place = ref _places[hash & (_places.Length - 1)];
        if (place.Hash == hash && place.Result is { } result && result.Version == index.Version && topicName.SequenceEqual(place.TopicName)) return ref place;

        return ref MatchAnew(hash, topicName);
    }

    private ref Place MatchAnew(int hash, ReadOnlySpan<byte> topicName)
    {
        var result = index.Match(topicName);
        ref var place = ref _places[hash & (_places.Length - 1)];
        if (place.TopicName is not null && place.Hash != hash && _places.Length < PlacesMax)
        {
            Grow();
            place = ref _places[hash & (_places.Length - 1)];
        }

        if (place.Hash != hash || place.TopicName is null || !topicName.SequenceEqual(place.TopicName))
        {
            place.TopicName = topicName.ToArray();
            place.Tally = null;
        }

        place.Hash = hash;
        place.Result = result;
        return ref place;
    }

    private TopicTally? Open(ref Place place, string? publisherId)
    {
        if (statistics is null) return null;

        var weight = _budget.Take(statistics.Period);
        return weight == 0 ? null : place.Tally = statistics.Open(place.TopicName!, publisherId, weight);
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
        public TopicTally? Tally;
    }
}
