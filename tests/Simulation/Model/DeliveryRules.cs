using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>A PUBLISH as a client received it.</summary>
internal readonly record struct Delivery(Qos Qos, bool Dup, bool Retain, string Topic)
{
    public override string ToString() => $"QoS {(int)Qos}{(Dup ? " DUP" : "")}{(Retain ? " RETAIN" : "")}";
}

/// <summary>What is checked when a message arrives: may this session have it, at this QoS, again, and in this order?</summary>
internal sealed class DeliveryRules(RetainedTopics retained, IReadOnlyDictionary<int, Message> messages)
{
    public void Check(SessionLife life, Message message, in Delivery delivery, long connectedAt, long step)
    {
        var spans = life.Possible(message, step).ToList();
        if (delivery.Topic != message.Topic) throw Violation("content", life, message, delivery, $"it was published to {message.Topic}");

        CheckRight(life, message, delivery, spans);
        CheckQos(life, message, delivery, spans);
        CheckExpiry(life, message, delivery, connectedAt);
        CheckOrder(life, message, delivery, spans);
        CheckCount(life, message, delivery, spans);
    }

    private void CheckRight(SessionLife life, Message message, in Delivery delivery, List<SubscriptionSpan> live)
    {
        // With RETAIN it may have been sent because of any SUBSCRIBE that found it retained.
        if (delivery.Retain && message.Retain)
        {
            // What a SUBSCRIBE is still owed is sent also when another one to the same filter has replaced it.
            var mayReplay = life.Subscriptions
                .Where(span => span.SendsRetained && span.Matches(message.Topic))
                .Where(span => life.Subscriptions.Exists(other => other.Filter == span.Filter && other.PossibleFrom >= span.PossibleFrom && other.PossibleTo >= message.SentStep))
                .ToList();
            if (mayReplay.Exists(span => retained.FindReplacement(message, span.PossibleFrom) is null)) return;
            if (live.Exists(span => span.RetainAsPublished)) return;
            if (mayReplay.Count == 0) throw Violation("right", life, message, delivery, "no subscription asks for it as a retained message");

            throw Violation("retained", life, message, delivery, $"{retained.FindReplacement(message, mayReplay[^1].PossibleFrom)} had replaced it before the SUBSCRIBE");
        }

        if (live.Count == 0) throw Violation("right", life, message, delivery, "no subscription of this session was in force when it was published");
        if (delivery.Retain) throw Violation("content", life, message, delivery, "it was published without RETAIN");
        if (message.Retain && live.TrueForAll(span => span.RetainAsPublished)) throw Violation("content", life, message, delivery, "RETAIN is to be kept as published. [MQTT-3.3.1-13]");
        if (message.Outcome == Outcome.Refused && delivery.Qos == Qos.ExactlyOnce && life.Expiry.Least > 0) throw Violation("refused", life, message, delivery, "its publisher was told that it was refused");
    }

    private static void CheckQos(SessionLife life, Message message, in Delivery delivery, List<SubscriptionSpan> live)
    {
        var candidates = delivery.Retain ? life.Subscriptions.Where(span => span.Matches(message.Topic)).ToList() : live;
        var most = candidates.Max(span => span.Qos);
        if (delivery.Qos > message.Qos || delivery.Qos > most) throw Violation("qos", life, message, delivery, $"it was published at QoS {(int)message.Qos} and subscribed to at QoS {(int)most}");
        if (delivery.Retain || message.DoneStep == Message.Never) return;

        // Overlapping subscriptions: one delivery at the greatest QoS of all. [MQTT-3.3.4-2] A shared one has deliveries of its own.
        if (live.Exists(span => span.Group is not null)) return;

        var certain = life.Certain(message).Where(span => span.Group is null).Select(span => (int)span.Qos).DefaultIfEmpty(0).Max();
        if ((int)delivery.Qos < Math.Min((int)message.Qos, certain)) throw Violation("qos", life, message, delivery, $"a subscription at QoS {certain} was in force. [MQTT-3.3.4-2]");
    }

    private static void CheckExpiry(SessionLife life, Message message, in Delivery delivery, long connectedAt)
    {
        if (message.ExpirySeconds is not { } seconds || message.DoneAt == Message.Never || message.IsWill || delivery.Dup || life.Crashes > 0) return;

        var expiredAt = message.DoneAt + (seconds * 1000L);
        if (connectedAt > expiredAt) throw Violation("expiry", life, message, delivery, $"it had expired at {expiredAt / 1000.0:0.000} s, before this connection. [MQTT-3.3.2-5]");
    }

    private static void CheckCount(SessionLife life, Message message, in Delivery delivery, List<SubscriptionSpan> live)
    {
        var receipt = life.ReceiptOf(message.Number);
        receipt.HasCome = true;
        if (delivery is { Dup: true, Qos: Qos.AtLeastOnce }) return;

        var count = ++receipt.First[(int)delivery.Qos];
        if (life.IsDoubtful) return;

        // One path for all subscriptions of its own, one for each shared group, one for each SUBSCRIBE that finds it retained.
        var own = live.Exists(span => span.Group is null) ? 1 : 0;
        var shared = live.Where(span => span.Group is not null).Select(span => span.Group).Distinct().Count();
        // What a SUBSCRIBE was still owed at the end of the broker is sent from its beginning.
        var retained = message.Retain ? life.Subscriptions.Count(span => span.SendsRetained && span.Matches(message.Topic)) * (1 + life.Restarts) : 0;
        var paths = own + shared + retained;
        var isOnce = message.Qos == Qos.ExactlyOnce && delivery.Qos == Qos.ExactlyOnce && !message.MayComeTwice;
        if (!isOnce)
        {
            // What is not QoS 2 from end to end may be routed again when it is sent again. A crash may also forget that a will was published, that a member of a
            // group left it to another, that QoS 0 was sent from the queue, and, where CONNACK did not wait for the disk, that the client was there.
            paths = (paths * message.Transmissions) + ((message.IsWill ? own + shared : shared) * life.Crashes);
            paths += delivery.Qos == Qos.AtMostOnce ? life.Crashes : life.ForgetfulCrashes;
        }

        if (count > paths) throw Violation("once", life, message, delivery, $"that is {count} times; {paths} would be right");
    }

    private void CheckOrder(SessionLife life, Message message, in Delivery delivery, List<SubscriptionSpan> live)
    {
        if (delivery.Retain || message.IsWill || life.IsDoubtful || live.Exists(span => span.Group is not null)) return;

        // The first copy may have come before the subscription.
        if (message.Transmissions > 1 && !live.Exists(span => span.CertainFrom <= message.SentStep)) return;

        // Repetitions are free; and after a failure of the disk a message sent again comes behind those sent after it. Of one that expires, or
        // comes at QoS 0, the first copy may have been dropped.
        if (message.Transmissions > 1 && (message.ExpirySeconds is not null || delivery.Qos == Qos.AtMostOnce)) return;
        if (life.Has(message.Number) || message.MayBeOutOfOrder || message.MayComeTwice) return;

        var key = (message.Publisher, message.Topic, message.Qos, delivery.Qos);
        if (life.LastFirst.TryGetValue(key, out var last) && last > message.Number)
        {
            throw Violation("order", life, message, delivery, $"{messages[last]} of the same publisher, topic and QoS came before it. [MQTT-4.6.0-6]");
        }

        life.LastFirst[key] = message.Number;
    }

    private static ViolationException Violation(string rule, SessionLife life, Message message, in Delivery delivery, string problem) =>
        new(rule, $"c{life.Client} got {message} of c{message.Publisher} ({delivery}) to {message.Topic}: {problem}.", [life.Client, message.Publisher], message.Number);
}
