using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Monitoring.Topics;
using Avocet.Broker.Retained;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
using Avocet.Broker.Watching;
using Avocet.Protocol;

namespace Avocet.Broker.Routing;

/// <summary>Brings a message to the retained store and to every session that subscribed to it.</summary>
internal sealed class Router(SubscriptionIndex index, RetainedStore retained, Statistics statistics, TopicStatistics? topics, MessageTaps taps, EventLog events, Clock clock, bool hasStore)
{
    public SubscriptionIndex Index => index;

    /// <summary>Routes a message. The batch's writers must be flushed afterwards.</summary>
    /// <param name="publication">The message.</param>
    /// <param name="cache">What the publisher's topics matched before; null for a publisher that keeps none.</param>
    /// <param name="now">The time, in milliseconds of the clock. For many messages at a time it is read once: that takes a tenth of what a message takes.</param>
    /// <param name="batch">Takes the connections that are written to.</param>
    public RouteResult Route(ref Publication publication, MatchCache? cache, long now, FlushBatch batch)
    {
        if (publication.Retain) Retain(ref publication, batch);

        TopicTally? tally = null;
        var matches = cache is null ? index.Match(publication.TopicName) : cache.Match(publication.TopicName, publication.PublisherId, out tally);
        int matched = 0, refused = 0;
        // Durable sessions first at QoS 2: if one of them takes it, the others wait with it until it is kept.
        var inTwoTurns = hasStore && publication.Qos == Qos.ExactlyOnce;
        foreach (var subscriber in matches.Subscribers)
        {
            if (inTwoTurns && !subscriber.Session.IsDurable) continue;

            Deliver(subscriber, ref publication, now, batch, ref matched, ref refused);
        }

        var mayMoveOn = false;
        foreach (var group in matches.Groups)
        {
            matched++;
            var result = DeliverToGroup(group, ref publication, null, now, batch, out var taker);
            if (result == DeliveryResult.Refused) refused++;
            // What was sent at QoS 2 stays with its client.
            mayMoveOn |= inTwoTurns && taker is { Session.IsDurable: false } && (result == DeliveryResult.Queued || taker.Qos == Qos.AtLeastOnce);
        }

        foreach (var subscriber in inTwoTurns ? matches.Subscribers : [])
        {
            if (!subscriber.Session.IsDurable) Deliver(subscriber, ref publication, now, batch, ref matched, ref refused);
        }

        if (tally is not null) tally.Count(publication.Size, publication.Payload.Length, matched, now);
        else if (cache is null) topics?.Count(publication.TopicName, publication.PublisherId, publication.Size, publication.Payload.Length, matched);

        taps.Offer(publication);
        return new RouteResult(matched, refused, mayMoveOn);
    }

    private static void Deliver(in Subscriber subscriber, ref Publication publication, long now, FlushBatch batch, ref int matched, ref int refused)
    {
        if (!subscriber.TryResolve(publication.PublisherId, out var delivery)) return;

        matched++;
        if (subscriber.Session.Deliver(ref publication, delivery, null, now, batch) == DeliveryResult.Refused) refused++;
    }

    /// <summary>Whether a message would be retained, or go to a durable session, at QoS 1 or 2.</summary>
    public static bool NeedsStore(ReadOnlySpan<byte> topicName, bool retain, MatchCache cache, string publisherId)
    {
        if (retain) return true;

        var matches = cache.Match(topicName);
        foreach (var subscriber in matches.Subscribers)
        {
            if (subscriber.Session.IsDurable && subscriber.TryResolve(publisherId, out var delivery) && delivery.Qos != Qos.AtMostOnce) return true;
        }

        return matches.Groups.Any(group => group.Members.Any(member => member.Session.IsDurable));
    }

    /// <summary>Hands what a member of a shared group did not finish to another one, when that member's session ended for good.</summary>
    public void HandOver(SharedGroup group, Message message, Session former, FlushBatch batch)
    {
        // Its publisher was told that it is not kept.
        if (message.IsFailed) return;

        var publication = message.AsPublication();
        var now = clock.Now;
        // To the other members it was not sent yet. [MQTT-3.3.2-5]
        if (publication.ExpiresAt <= now) CountDrop(group, publication.TopicName, Counter.DroppedExpired, BrokerEventKind.MessageExpired);
        else DeliverToGroup(group, ref publication, former, now, batch, out _);
    }

    /// <summary>
    /// Gives the message to one member: round robin over those that are connected, or, while all are offline, over those that queue for them.
    /// Refused, and counted as dropped, when nobody took it and a queue was full.
    /// </summary>
    private DeliveryResult DeliverToGroup(SharedGroup group, ref Publication publication, Session? except, long now, FlushBatch batch, out Subscription? taker)
    {
        var members = group.Members;
        var turn = group.NextTurn();
        var asked = members.Length <= 256 ? stackalloc bool[members.Length] : new bool[members.Length];
        var result = AskMembers(members, turn, asked, true, group, ref publication, except, now, batch, out taker);
        if (result is DeliveryResult.Sent or DeliveryResult.Queued) return result;

        // All that are left are asked, also one that has connected meanwhile.
        var second = AskMembers(members, turn, asked, false, group, ref publication, except, now, batch, out taker);
        if (second != DeliveryResult.Skipped) result = second;
        if (result == DeliveryResult.Refused) CountDrop(group, publication.TopicName, Counter.DroppedQueueFull, BrokerEventKind.QueueFull);

        return result;
    }

    private void CountDrop(SharedGroup group, ReadOnlySpan<byte> topicName, Counter counter, BrokerEventKind kind)
    {
        statistics.Add(counter);
        var name = Encoding.UTF8.GetString(group.Filter);
        if (!events.TryCount(kind, name)) events.AddRepeated(new BrokerEvent(kind) { ClientId = name, Topic = Encoding.UTF8.GetString(topicName), Detail = "no member of the shared subscription could take it" });
    }

    private static DeliveryResult AskMembers(
        Subscription[] members,
        uint turn,
        scoped Span<bool> asked,
        bool connectedOnly,
        SharedGroup group,
        ref Publication publication,
        Session? except,
        long now,
        FlushBatch batch,
        out Subscription? taker)
    {
        var result = DeliveryResult.Skipped;
        for (var i = 0u; i < members.Length; i++)
        {
            var place = (int)((turn + i) % members.Length);
            var member = members[place];
            if (asked[place] || member.Session == except || (connectedOnly && !member.Session.IsConnected) || !member.Covers(publication.TopicName)) continue;

            asked[place] = true;
            var delivery = new Delivery(member.Qos, member.RetainAsPublished, member.SubscriptionIds);
            var answer = member.Session.Deliver(ref publication, delivery, group, now, batch);
            taker = member;
            if (answer is DeliveryResult.Sent or DeliveryResult.Queued) return answer;
            if (answer == DeliveryResult.Refused) result = answer;
        }

        taker = null;
        return result;
    }

    private void Retain(ref Publication publication, FlushBatch batch)
    {
        // An empty payload clears and is never stored. [MQTT-3.3.1-6] [MQTT-3.3.1-7] One that expires at once is not kept either.
        var isKept = !publication.Payload.IsEmpty && publication.ExpiresAt > clock.Now;
        var message = isKept ? publication.ToMessage() : null;
        var former = retained.Set(publication.TopicName, message);
        // What the broker says of itself is of today.
        if (hasStore && !publication.TopicName.StartsWith("$SYS/"u8)) batch.Changes.Retained.Add(new RetainedChange(publication.TopicName.ToArray(), message, former));
    }
}
