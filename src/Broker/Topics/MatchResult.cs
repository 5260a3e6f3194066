using Avocet.Broker.Sessions;
using Avocet.Protocol;

namespace Avocet.Broker.Topics;

/// <summary>Who gets the messages of one topic: each session once, however many of its subscriptions match.</summary>
internal sealed class MatchResult(long version, Subscriber[] subscribers, SharedGroup[] groups)
{
    /// <summary>The version of the index this was found in; with another version it is out of date.</summary>
    public long Version { get; } = version;

    public Subscriber[] Subscribers { get; } = subscribers;

    public SharedGroup[] Groups { get; } = groups;
}

/// <summary>A session and those of its subscriptions which match.</summary>
/// <param name="First">One of the subscriptions; mostly the only one.</param>
/// <param name="Overlapping">All of them, if there are several; else null.</param>
internal readonly record struct Subscriber(Subscription First, Subscription[]? Overlapping)
{
    public Session Session => First.Session;

    /// <summary>
    /// Merges the matching subscriptions into one delivery: the highest QoS [MQTT-3.3.4-2] and all Subscription Identifiers [MQTT-3.3.4-4]. False when
    /// No Local keeps the message from its own publisher. [MQTT-3.8.3-3]
    /// </summary>
    public bool TryResolve(string? publisherId, out Delivery delivery)
    {
        delivery = default;
        var isOwn = publisherId == First.Session.ClientId;
        if (Overlapping is null)
        {
            if (First.NoLocal && isOwn) return false;

            delivery = new Delivery(First.Qos, First.RetainAsPublished, First.SubscriptionIds);
            return true;
        }

        var found = false;
        var qos = Qos.AtMostOnce;
        var retainAsPublished = false;
        List<uint>? ids = null;
        foreach (var subscription in Overlapping)
        {
            if (subscription.NoLocal && isOwn) continue;

            found = true;
            if (subscription.Qos > qos) qos = subscription.Qos;
            retainAsPublished |= subscription.RetainAsPublished;
            if (subscription.SubscriptionIds is { } own) (ids ??= []).AddRange(own);
        }

        delivery = new Delivery(qos, retainAsPublished, ids?.ToArray());
        return found;
    }
}

/// <summary>How a message goes to one session.</summary>
/// <param name="Qos">The highest granted QoS.</param>
/// <param name="RetainAsPublished">Whether RETAIN is passed on.</param>
/// <param name="SubscriptionIds">The Subscription Identifiers to send, or null.</param>
internal readonly record struct Delivery(Qos Qos, bool RetainAsPublished, uint[]? SubscriptionIds);
