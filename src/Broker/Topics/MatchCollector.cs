using Avocet.Broker.Sessions;

namespace Avocet.Broker.Topics;

/// <summary>Gathers what a search finds and merges the overlapping subscriptions of a session.</summary>
internal ref struct MatchCollector(ReadOnlySpan<byte> topicName)
{
    private readonly ReadOnlySpan<byte> _topicName = topicName;
    private SubscriberSet? _only;
    private List<SubscriberSet>? _more;

    public void Add(SubscriberSet set)
    {
        if (_only is null) _only = set;
        else (_more ??= []).Add(set);
    }

    public readonly MatchResult ToResult(long version)
    {
        if (_only is null) return new MatchResult(version, [], []);

        if (_more is null) return new MatchResult(version, Only(_only), _only.Groups);

        var groups = new List<SharedGroup>(_only.Groups);
        var subscribers = new List<Subscriber>(Only(_only));
        MergeMore(subscribers, groups);
        return new MatchResult(version, [.. subscribers], [.. groups]);
    }

    private readonly Subscriber[] Only(SubscriberSet set)
    {
        var subscribers = new Subscriber[set.CountMax];
        var count = 0;
        foreach (var subscription in set)
        {
            if (count == subscribers.Length) break;
            if (subscription.Covers(_topicName)) subscribers[count++] = new Subscriber(subscription, null);
        }

        if (count < subscribers.Length) Array.Resize(ref subscribers, count);
        return subscribers;
    }

    private readonly void MergeMore(List<Subscriber> subscribers, List<SharedGroup> groups)
    {
        var places = new Dictionary<Session, int>(subscribers.Count);
        for (var place = 0; place < subscribers.Count; place++) places.TryAdd(subscribers[place].Session, place);

        foreach (var set in _more!)
        {
            groups.AddRange(set.Groups);
            foreach (var subscription in set)
            {
                if (!subscription.Covers(_topicName)) continue;

                if (places.TryAdd(subscription.Session, subscribers.Count))
                {
                    subscribers.Add(new Subscriber(subscription, null));
                    continue;
                }

                var place = places[subscription.Session];
                var (first, overlapping) = subscribers[place];
                subscribers[place] = new Subscriber(first, overlapping is null ? [first, subscription] : [.. overlapping, subscription]);
            }
        }
    }
}
