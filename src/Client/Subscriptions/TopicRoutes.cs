using System.Text;
using Avocet.Protocol.Properties;

namespace Avocet.Client.Subscriptions;

/// <summary>
/// Remembers who gets the messages of a topic, until subscriptions change. Used by the read loop alone; only what it does not know yet takes the gate.
/// </summary>
internal sealed class TopicRoutes(SubscriptionRegistry registry)
{
    private const int RoutesMax = 8192;

    private readonly Dictionary<byte[], TopicRoute> _routes = new(Utf8Comparer.Instance);
    private int _version;

    /// <summary>Whether subscriptions have changed since the last look.</summary>
    public bool IsStale => registry.Version != _version;

    public TopicRoute Find(ReadOnlySpan<byte> topic)
    {
        var version = registry.Version;
        if (version != _version || _routes.Count >= RoutesMax)
        {
            _routes.Clear();
            _version = version;
        }

        var lookup = _routes.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(topic, out var route)) return route;

        route = registry.Route(topic, Encoding.UTF8.GetString(topic));
        _routes.Add(topic.ToArray(), route);
        return route;
    }

    /// <summary>
    /// Who gets this message. Where several filters match, the broker may send one message for each; its Subscription Identifiers tell for which. Those of an
    /// earlier run of the program may stand for other filters, so an identifier counts only where its filter matches.
    /// </summary>
    public static Subscription[] Choose(TopicRoute route, PropertyBlock properties)
    {
        if (route.Entries.Length < 2) return route.Subscriptions;

        List<Subscription>? chosen = null;
        foreach (var property in properties)
        {
            if (property.Id != PropertyId.SubscriptionIdentifier) continue;

            foreach (var entry in route.Entries)
            {
                if (entry.Id == property.Integer) (chosen ??= []).AddRange(route.Subscriptions.Where(subscription => subscription.Filter == entry.Filter));
            }
        }

        return chosen?.ToArray() ?? route.Subscriptions;
    }

    private sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static Utf8Comparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        // Seeded by the process, so that nobody can prepare topics that collide.
        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
