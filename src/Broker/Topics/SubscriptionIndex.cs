using Avocet.Protocol.Topics;

namespace Avocet.Broker.Topics;

/// <summary>
/// Finds the subscriptions that match a Topic Name. Filters without wildcards lie in one hash map; the others in a trie of levels. Searched
/// without locks; changed in O(levels) under a lock. Each change gives the index a new version, which makes cached results out of date.
/// </summary>
internal sealed class SubscriptionIndex
{
    private static readonly byte[] Plus = [(byte)'+'];

    private readonly Lock _gate = new();
    private readonly SpanMap<ExactNode> _exact = new();
    private readonly TrieNode _root = new([], null);
    private long _version;
    private int _count;
    private int _sharedCount;

    /// <summary>Changes so far.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Subscriptions, shared ones included.</summary>
    public int Count => Volatile.Read(ref _count);

    public int SharedCount => Volatile.Read(ref _sharedCount);

    /// <summary>Adds a subscription, or puts it in the place of the same session's <paramref name="old"/> one to the same filter. [MQTT-3.8.4-3]</summary>
    public void Add(Subscription subscription, Subscription? old)
    {
        lock (_gate)
        {
            var isShared = SharedFilter.TryParse(subscription.Filter, out var shared);
            var set = GetOrAddSet(isShared ? shared.Filter.ToArray() : subscription.Filter);
            if (isShared)
            {
                var group = set.GetOrAddGroup(shared.ShareName, subscription.Filter);
                subscription.Group = group;
                if (old is null) group.Add(subscription);
                else group.Replace(old, subscription);
            }
            else if (old is null)
            {
                set.Add(subscription);
            }
            else
            {
                set.Replace(old, subscription);
            }

            if (old is null)
            {
                _count++;
                if (isShared) _sharedCount++;
            }

            Volatile.Write(ref _version, _version + 1);
        }
    }

    public void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            var isShared = SharedFilter.TryParse(subscription.Filter, out var shared);
            ReadOnlySpan<byte> filter = isShared ? shared.Filter : subscription.Filter;
            if (TopicFilter.HasWildcard(filter)) RemoveFromTrie(filter, subscription);
            else RemoveFromExact(filter, subscription);

            _count--;
            if (isShared) _sharedCount--;
            Volatile.Write(ref _version, _version + 1);
        }
    }

    /// <summary>Everything that matches a valid Topic Name.</summary>
    public MatchResult Match(ReadOnlySpan<byte> topicName)
    {
        // The version is read first: a change during the search makes the result out of date, not wrong.
        var version = Version;
        var collector = new MatchCollector(topicName);
        if (_exact.Find(topicName) is { } exact) collector.Add(exact.Subscribers);

        Search(_root, topicName, isRoot: true, ends: false, ref collector);
        return collector.ToResult(version);
    }

    private static void Search(TrieNode node, ReadOnlySpan<byte> rest, bool isRoot, bool ends, ref MatchCollector collector)
    {
        // Wildcards at the root do not match names that begin with "$". [MQTT-4.7.2-1]
        var mayMatchWildcard = !isRoot || rest.IsEmpty || rest[0] != '$';
        if (mayMatchWildcard && node.MultiLevel is { } multiLevel) collector.Add(multiLevel);
        if (ends)
        {
            if (node.Subscribers is { } subscribers) collector.Add(subscribers);
            return;
        }

        var slash = rest.IndexOf((byte)'/');
        var level = slash < 0 ? rest : rest[..slash];
        var next = slash < 0 ? default : rest[(slash + 1)..];
        if (node.Children?.Find(level) is { } child) Search(child, next, false, slash < 0, ref collector);
        if (mayMatchWildcard && node.SingleLevel is { } single) Search(single, next, false, slash < 0, ref collector);
    }

    private SubscriberSet GetOrAddSet(byte[] key)
    {
        ReadOnlySpan<byte> filter = key;
        if (!TopicFilter.HasWildcard(filter))
        {
            if (_exact.Find(filter) is { } found) return found.Subscribers;

            var added = new ExactNode(key);
            _exact.Add(added);
            return added.Subscribers;
        }

        var node = _root;
        while (true)
        {
            var slash = filter.IndexOf((byte)'/');
            var level = slash < 0 ? filter : filter[..slash];
            if (level is [(byte)'#']) return node.MultiLevel ??= new SubscriberSet();

            node = level is [(byte)'+'] ? node.SingleLevel ??= new TrieNode(Plus, node) : node.GetOrAddChild(level);
            if (slash < 0) return node.Subscribers ??= new SubscriberSet();

            filter = filter[(slash + 1)..];
        }
    }

    private void RemoveFromExact(ReadOnlySpan<byte> filter, Subscription subscription)
    {
        if (_exact.Find(filter) is not { } node) return;

        RemoveFromSet(node.Subscribers, subscription);
        if (node.Subscribers.IsEmpty) _exact.Remove(node);
    }

    private void RemoveFromTrie(ReadOnlySpan<byte> filter, Subscription subscription)
    {
        TrieNode? node = _root;
        while (true)
        {
            var slash = filter.IndexOf((byte)'/');
            var level = slash < 0 ? filter : filter[..slash];
            if (level is [(byte)'#'])
            {
                RemoveFromSet(node.MultiLevel!, subscription);
                if (node.MultiLevel!.IsEmpty) node.MultiLevel = null;
                break;
            }

            node = level is [(byte)'+'] ? node.SingleLevel! : node.Children!.Find(level)!;
            if (slash < 0)
            {
                RemoveFromSet(node.Subscribers!, subscription);
                if (node.Subscribers!.IsEmpty) node.Subscribers = null;
                break;
            }

            filter = filter[(slash + 1)..];
        }

        // Nodes that lead nowhere any more go, up to the root.
        while (node is { IsEmpty: true, Parent: { } parent })
        {
            if (parent.SingleLevel == node) parent.SingleLevel = null;
            else parent.RemoveChild(node);

            node = parent;
        }
    }

    private static void RemoveFromSet(SubscriberSet set, Subscription subscription)
    {
        if (subscription.Group is not { } group)
        {
            set.Remove(subscription);
            return;
        }

        group.Remove(subscription);
        if (group.Members.Length == 0) set.RemoveGroup(group);
    }

    private sealed class ExactNode(byte[] filter) : SpanMapEntry(filter)
    {
        public SubscriberSet Subscribers { get; } = new();
    }

    private sealed class TrieNode(byte[] level, TrieNode? parent) : SpanMapEntry(level)
    {
        private volatile SpanMap<TrieNode>? _children;
        private volatile TrieNode? _singleLevel;
        private volatile SubscriberSet? _subscribers;
        private volatile SubscriberSet? _multiLevel;

        public TrieNode? Parent { get; } = parent;

        public SpanMap<TrieNode>? Children => _children;

        /// <summary>The child for <c>+</c>.</summary>
        public TrieNode? SingleLevel
        {
            get => _singleLevel;
            set => _singleLevel = value;
        }

        /// <summary>Subscriptions whose filter ends here.</summary>
        public SubscriberSet? Subscribers
        {
            get => _subscribers;
            set => _subscribers = value;
        }

        /// <summary>Subscriptions whose filter goes on with <c>/#</c>; at the root, those to <c>#</c>.</summary>
        public SubscriberSet? MultiLevel
        {
            get => _multiLevel;
            set => _multiLevel = value;
        }

        public bool IsEmpty => Children is null && SingleLevel is null && Subscribers is null && MultiLevel is null;

        public TrieNode GetOrAddChild(ReadOnlySpan<byte> level)
        {
            var children = _children ??= new SpanMap<TrieNode>();
            if (children.Find(level) is { } found) return found;

            var added = new TrieNode(level.ToArray(), this);
            children.Add(added);
            return added;
        }

        public void RemoveChild(TrieNode child)
        {
            _children!.Remove(child);
            if (_children.Count == 0) _children = null;
        }
    }
}
