using Avocet.Broker.Connections;
using Avocet.Broker.Retained;
using Avocet.Broker.Sessions;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Routing;

/// <summary>Brings a message to the retained store and to every session that subscribed to it.</summary>
internal sealed class Router(SubscriptionIndex index, RetainedStore retained, Statistics statistics, Clock clock)
{
    public SubscriptionIndex Index => index;

    /// <summary>Routes a message. The batch's writers must be flushed afterwards.</summary>
    public RouteResult Route(ref Publication publication, MatchCache? cache, FlushBatch batch)
    {
        if (publication.Retain) Retain(ref publication);

        var matches = cache is null ? index.Match(publication.TopicName) : cache.Match(publication.TopicName);
        var now = clock.Now;
        int matched = 0, refused = 0;
        foreach (var subscriber in matches.Subscribers)
        {
            if (!subscriber.TryResolve(publication.PublisherId, out var delivery)) continue;

            matched++;
            if (subscriber.Session.Deliver(ref publication, delivery, null, now, batch) == DeliveryResult.Refused) refused++;
        }

        foreach (var group in matches.Groups)
        {
            matched++;
            if (DeliverToGroup(group, ref publication, null, now, batch) == DeliveryResult.Refused) refused++;
        }

        return new RouteResult(matched, refused);
    }

    /// <summary>Hands what a member of a shared group did not finish to another one, when that member's session ended for good.</summary>
    public void HandOver(SharedGroup group, Message message, Session former, FlushBatch batch)
    {
        var now = clock.Now;
        if (message.ExpiresAt <= now)
        {
            // To the other members it was not sent yet. [MQTT-3.3.2-5]
            statistics.Add(Counter.DroppedExpired);
            return;
        }

        var publication = message.AsPublication();
        DeliverToGroup(group, ref publication, former, now, batch);
    }

    /// <summary>
    /// Gives the message to one member: round robin over those that are connected, or, while all are offline, over those that queue for them. It is
    /// counted as dropped when nobody had room for it, and skipped when nobody is there who would keep it.
    /// </summary>
    private DeliveryResult DeliverToGroup(SharedGroup group, ref Publication publication, Session? except, long now, FlushBatch batch)
    {
        var members = group.Members;
        if (members.Length == 0) return DeliveryResult.Skipped;

        var turn = group.NextTurn();
        var toConnected = TryMembers(members, turn, true, group, ref publication, except, now, batch);
        if (toConnected is DeliveryResult.Sent or DeliveryResult.Queued) return toConnected;

        var toOffline = TryMembers(members, turn, false, group, ref publication, except, now, batch);
        if (toOffline is DeliveryResult.Sent or DeliveryResult.Queued) return toOffline;
        if (toConnected != DeliveryResult.Refused && toOffline != DeliveryResult.Refused) return DeliveryResult.Skipped;

        statistics.Add(Counter.DroppedQueueFull);
        return DeliveryResult.Refused;
    }

    private static DeliveryResult TryMembers(
        Subscription[] members, uint turn, bool connected, SharedGroup group, ref Publication publication, Session? except, long now, FlushBatch batch)
    {
        var result = DeliveryResult.Skipped;
        for (var i = 0u; i < members.Length; i++)
        {
            var member = members[(turn + i) % members.Length];
            if (member.Session == except || member.Session.IsConnected != connected || !member.Covers(publication.TopicName)) continue;

            var delivery = new Delivery(member.Qos, member.RetainAsPublished, member.SubscriptionIds);
            var own = member.Session.Deliver(ref publication, delivery, group, now, batch);
            if (own is DeliveryResult.Sent or DeliveryResult.Queued) return own;
            if (own == DeliveryResult.Refused) result = own;
        }

        return result;
    }

    private void Retain(ref Publication publication)
    {
        // An empty payload clears and is never stored. [MQTT-3.3.1-6] [MQTT-3.3.1-7] One that expires at once is not kept either.
        var isKept = !publication.Payload.IsEmpty && publication.ExpiresAt > clock.Now;
        retained.Set(publication.TopicName, isKept ? publication.ToMessage() : null);
    }
}
