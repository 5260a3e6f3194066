using Avocet.Broker.Retained;
using Avocet.Broker.Routing;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Sessions;

/// <summary>
/// What a session's SUBSCRIBEs began to send of the retained messages and did not finish. It is searched for in slices, between which other
/// sessions get their turn. The session's gate guards it.
/// </summary>
internal sealed class RetainedReplays(RetainedStore store, Action<Subscription>? onFinished)
{
    /// <summary>Nodes of the retained tree looked at in one slice.</summary>
    private const int SliceSteps = 512;

    private readonly LinkedList<RetainedReplay> _waiting = [];
    private int _budget;

    /// <summary>Whether there may be more to send.</summary>
    public bool HasMore => _waiting.Count > 0;

    /// <summary>Whether the next slice was left to the scheduler.</summary>
    public bool IsScheduled { get; set; }

    /// <summary>What still waits is sent as asked for last. [MQTT-3.8.4-3]</summary>
    public static void Replace(Subscription old, Subscription subscription)
    {
        if (old.Replay is not { } replay) return;

        replay.Value = replay.Value with { Subscription = subscription };
        subscription.Replay = replay;
    }

    /// <summary>A replay that still waits begins anew, so that what a client can pile up is bounded by its subscriptions.</summary>
    public void Add(Subscription subscription)
    {
        Remove(subscription);
        subscription.Replay = _waiting.AddLast(new RetainedReplay(new RetainedCursor(subscription.Filter), subscription));
    }

    public void Remove(Subscription subscription)
    {
        if (subscription.Replay is not { } replay) return;

        _waiting.Remove(replay);
        subscription.Replay = null;
    }

    public void BeginSlice() => _budget = SliceSteps;

    /// <summary>The next message. False at the end of the slice, or when there is none left.</summary>
    public bool TryTakeNext(out OutboundMessage outbound)
    {
        while (_waiting.First is { } first)
        {
            var (cursor, subscription) = first.Value;
            var message = store.Next(cursor, ref _budget);
            if (message is not null)
            {
                if (!IsFor(subscription, message)) continue;

                var qos = message.Qos < subscription.Qos ? message.Qos : subscription.Qos;
                // Sent because of a subscribe: RETAIN is 1. [3.1.1 MQTT-3.3.1-8]
                outbound = new OutboundMessage(message, qos, true, subscription.SubscriptionIds, null);
                return true;
            }

            if (!cursor.IsDone) break;

            Remove(subscription);
            onFinished?.Invoke(subscription);
        }

        outbound = default;
        return false;
    }

    private static bool IsFor(Subscription subscription, Message message)
    {
        if (subscription.Session.Access is { } access && !access.MayReceive(message.TopicName)) return false;

        return subscription.Covers(message.TopicName) && !(subscription.NoLocal && message.PublisherId == subscription.Session.ClientId);
    }
}
