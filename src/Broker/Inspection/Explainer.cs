using System.Text;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Security;
using Avocet.Broker.Sessions;
using Avocet.Broker.Topics;
using Avocet.Protocol;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Inspection;

/// <summary>Goes the way of a message without a message, and tells what it sees.</summary>
internal sealed class Explainer(BrokerContext context, ExplainRequest request)
{
    private const int EventsMax = 50;

    private readonly byte[] _topicName = Encoding.UTF8.GetBytes(request.TopicName);

    public Explanation Explain()
    {
        if (FindProblem() is { } problem) return new Explanation(request) { Problem = problem, Events = FindEvents() };

        var receivers = FindReceivers().ToList();
        if (request.SubscriberId is { } asked && receivers.TrueForAll(receiver => receiver.ClientId != asked)) receivers.Add(ExplainAbsence(asked));
        if (request.SubscriberId is not null) receivers.RemoveAll(receiver => receiver.ClientId != request.SubscriberId);

        var (mayPublish, rule) = ExplainPublish();
        return new Explanation(request)
        {
            MayPublish = mayPublish,
            PublishRule = rule,
            Receivers = receivers.Count > request.ReceiversMax ? receivers[..request.ReceiversMax] : receivers,
            ReceiverCount = receivers.Count,
            HasRetained = context.Retained.Get(_topicName) is not null,
            Events = FindEvents(),
        };
    }

    private string? FindProblem()
    {
        if (!TopicName.IsValid(_topicName)) return "the Topic Name is not valid: it is empty, or has a wildcard or U+0000";
        if (_topicName.Length > context.Options.TopicBytesMax) return $"the Topic Name has {_topicName.Length} bytes; at most {context.Options.TopicBytesMax} are accepted (topic_bytes_max)";
        if (TopicName.CountLevels(_topicName) > context.Options.TopicLevelsMax) return $"the Topic Name has more than {context.Options.TopicLevelsMax} levels (topic_levels_max)";
        if (request.Qos > context.Options.MaximumQos) return $"QoS {(int)request.Qos} is not offered; at most {(int)context.Options.MaximumQos} is";
        if (request.Retain && !context.Options.RetainAvailable) return "retained messages are turned off";
        if (request.Qos != Qos.AtMostOnce && context.Commits?.Failure is { } failure) return $"the store cannot be written, so that messages for sessions that it keeps are refused: {failure.Message}";

        return null;
    }

    private (bool? MayPublish, string? Rule) ExplainPublish()
    {
        if (request.PublisherId is null) return (null, null);
        if (_topicName.AsSpan().StartsWith("$SYS/"u8)) return (false, "the broker alone publishes to $SYS");
        if (context.Sessions.Find(request.PublisherId) is not { } session) return (null, null);
        // A session from before the broker's start has no client yet whose rights could be looked at.
        if (session.Access is not { } access) return (session.IsConnected || !context.Authorization.HasRules ? true : null, null);

        return access.Explain(_topicName, new AccessWish(AccessKind.Publish, request.Qos, request.Retain));
    }

    private IEnumerable<Receiver> FindReceivers()
    {
        var matches = context.Index.Match(_topicName);
        foreach (var subscriber in matches.Subscribers) yield return Explain(subscriber);

        foreach (var group in matches.Groups)
        {
            var members = group.Members;
            // Round robin over those that are connected, or, while all are offline, over those that queue.
            var candidates = Array.FindAll(members, member => member.Session.IsConnected);
            if (candidates.Length == 0) candidates = members;
            foreach (var member in members)
            {
                var receiver = Explain(member.Session, [member], new Delivery(member.Qos, member.RetainAsPublished, null));
                if (candidates.Length > 1 || !candidates.Contains(member))
                {
                    var text = candidates.Contains(member) ? $"one of {candidates.Length} members of the shared subscription gets it, in turn" : "the message goes to a member that is connected";
                    receiver = candidates.Contains(member) ? receiver with { Detail = $"{receiver.Detail}; {text}" } : receiver with { Outcome = ReceiverOutcome.AnotherMember, Detail = text };
                }

                yield return receiver;
            }
        }
    }

    private Receiver Explain(in Subscriber subscriber)
    {
        var subscriptions = subscriber.Overlapping ?? [subscriber.First];
        if (subscriber.TryResolve(request.PublisherId, out var delivery)) return Explain(subscriber.Session, subscriptions, delivery);

        return Describe(subscriber.Session, subscriptions, ReceiverOutcome.NoLocal, "it is the publisher, and its subscription has No Local [MQTT-3.8.3-3]");
    }

    private Receiver Explain(Session session, Subscription[] subscriptions, in Delivery delivery)
    {
        string? rule = null;
        if (session.Access is { } access)
        {
            (var mayReceive, rule) = access.Explain(_topicName, new AccessWish(AccessKind.Receive));
            if (!mayReceive) return Describe(session, subscriptions, ReceiverOutcome.Denied, "it may not read this topic") with { Rule = rule };
        }

        var qos = request.Qos < delivery.Qos ? request.Qos : delivery.Qos;
        var (outcome, detail) = Foresee(session, qos);
        if (qos < request.Qos) detail += $"; at QoS {(int)qos} instead of {(int)request.Qos}, for its subscription asks for no more";

        return Describe(session, subscriptions, outcome, detail) with { Qos = qos, Rule = rule };
    }

    private (ReceiverOutcome Outcome, string Detail) Foresee(Session session, Qos qos)
    {
        var options = context.Options;
        var (messages, bytes) = session.Queued;
        var connection = session.Connection;
        if (qos == Qos.AtMostOnce && connection is null && !options.QueueQos0)
        {
            return (ReceiverOutcome.OfflineAtMostOnce, "it is offline, and QoS 0 is not kept for later; publish and subscribe with QoS 1, or set queue_qos0");
        }

        if (qos == Qos.AtMostOnce && connection is not null)
        {
            return connection.Writer.IsFull
                ? (ReceiverOutcome.SlowConsumer, $"it does not read fast enough: its output of {options.OutboundBytesMax} bytes is full")
                : (ReceiverOutcome.Sent, "it is sent at once");
        }

        var size = _topicName.Length;
        if (messages + 1 > options.QueueMessagesMax || bytes + size > options.QueueBytesMax)
        {
            return options.QueueOverflow == QueueOverflow.DropOldest
                ? (ReceiverOutcome.Queued, $"its queue is full with {messages} messages, so that the oldest one is dropped for it")
                : (ReceiverOutcome.QueueFull, $"its queue is full with {messages} messages of {bytes} bytes (queue_messages_max, queue_bytes_max)");
        }

        if (connection is null) return (ReceiverOutcome.Queued, $"it is offline: the message waits behind {messages} others for it to come back");
        if (messages > 0) return (ReceiverOutcome.Queued, $"it waits behind {messages} others: the client acknowledges too slowly");

        return (ReceiverOutcome.Sent, "it is sent as soon as the client has acknowledged enough of what is in flight");
    }

    private Receiver ExplainAbsence(string clientId)
    {
        if (context.Sessions.Find(clientId) is not { } session)
        {
            var last = context.Events.Read(0, 1, one => one.ClientId == clientId && one.Kind is BrokerEventKind.ConnectionRefused or BrokerEventKind.SessionEnded or BrokerEventKind.Disconnected);
            var why = last.Count == 0 ? "nothing is known of it: is the client identifier right?" : $"the latest of it, at {last[0].Time:u}: {last[0].Detail}";
            return new Receiver(clientId, ReceiverOutcome.NoSession, $"there is no session with this client identifier; {why}");
        }

        var subscriptions = session.ListSubscriptions();
        var hint = subscriptions.Select(subscription => FindNearMiss(subscription.Filter)).FirstOrDefault(near => near is not null);
        var detail = subscriptions.Count == 0 ? "it has no subscriptions" : hint ?? "none of its subscriptions matches";
        return Describe(session, [.. subscriptions], ReceiverOutcome.NotSubscribed, detail);
    }

    /// <summary>Why a filter that somebody may take for a match is none.</summary>
    private string? FindNearMiss(byte[] whole)
    {
        var filter = SharedFilter.TryParse(whole, out var shared) ? shared.Filter : whole;
        var text = Encoding.UTF8.GetString(filter);
        if (filter[0] is (byte)'#' or (byte)'+' && _topicName[0] == '$') return $"'{text}' does not match topics that begin with $ [MQTT-4.7.2-1]";
        if (Matches(text.ToUpperInvariant(), request.TopicName.ToUpperInvariant())) return $"'{text}' differs in upper and lower case, which counts";
        if (Matches(text.Trim('/'), request.TopicName.Trim('/'))) return $"'{text}' differs by a slash at its beginning or end, which makes another level";
        if (Matches($"{text}/#", request.TopicName)) return $"'{text}' matches this level only; '{text}/#' would match what is below it";

        return null;
    }

    private static bool Matches(string filter, string topicName)
    {
        var (filterBytes, topicBytes) = (Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes(topicName));
        return TopicFilter.IsValid(filterBytes) && TopicName.IsValid(topicBytes) && TopicFilter.Matches(filterBytes, topicBytes);
    }

    private static Receiver Describe(Session session, IEnumerable<Subscription> subscriptions, ReceiverOutcome outcome, string detail) => new(session.ClientId, outcome, detail)
    {
        Filters = [.. subscriptions.Select(subscription => Encoding.UTF8.GetString(subscription.Filter))],
        IsConnected = session.IsConnected,
        QueuedMessages = session.Queued.Messages,
    };

    private List<BrokerEvent> FindEvents() => context.Events.Read(
        0,
        EventsMax,
        one => one.Topic == request.TopicName || (one.ClientId is not null && (one.ClientId == request.PublisherId || one.ClientId == request.SubscriberId)));
}
