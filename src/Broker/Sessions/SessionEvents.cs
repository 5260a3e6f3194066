using System.Text;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Sessions;

/// <summary>Tells why a session did not get a message. What repeats costs a look-up only.</summary>
internal static class SessionEvents
{
    public static void Dropped(Session session, Counter cause, ReadOnlySpan<byte> topicName)
    {
        var (kind, reason) = cause switch
        {
            Counter.DroppedQueueFull => (BrokerEventKind.QueueFull, ReasonCode.QuotaExceeded),
            Counter.DroppedSlowConsumer => (BrokerEventKind.SlowConsumer, ReasonCode.QuotaExceeded),
            Counter.DroppedTooLarge => (BrokerEventKind.MessageTooLarge, ReasonCode.PacketTooLarge),
            _ => (BrokerEventKind.MessageExpired, ReasonCode.UnspecifiedError),
        };
        if (session.Context.Events.TryCount(kind, session.ClientId)) return;

        var connection = session.Connection;
        session.Context.Events.AddRepeated(new BrokerEvent(kind)
        {
            ClientId = session.ClientId,
            UserName = connection?.Identity?.UserName,
            Origin = connection?.Origin,
            Topic = Encoding.UTF8.GetString(topicName),
            Reason = kind == BrokerEventKind.MessageExpired ? null : reason,
            Detail = DetailOf(session, kind),
        });
    }

    public static void Denied(Session session, ClientAccess access, ReadOnlySpan<byte> topicName)
    {
        if (session.Context.Events.TryCount(BrokerEventKind.DeliveryDenied, session.ClientId)) return;

        session.Context.Events.AddRepeated(new BrokerEvent(BrokerEventKind.DeliveryDenied)
        {
            ClientId = session.ClientId,
            UserName = access.UserName,
            Topic = Encoding.UTF8.GetString(topicName),
            Reason = ReasonCode.NotAuthorized,
            Detail = "the client has subscribed, but may not read this topic",
            Rule = access.Explain(topicName, new AccessWish(AccessKind.Receive)).Rule,
        });
    }

    /// <summary>A session ends for good.</summary>
    public static void Ended(Session session, string why)
    {
        var (messages, bytes) = session.Queued;
        session.Context.Events.Add(new BrokerEvent(BrokerEventKind.SessionEnded)
        {
            ClientId = session.ClientId,
            Detail = messages == 0 ? $"{why}; nothing was queued" : $"{why}; {messages} queued messages of {bytes} bytes went with it",
        });
    }

    private static string DetailOf(Session session, BrokerEventKind kind)
    {
        var options = session.Context.Options;
        return kind switch
        {
            BrokerEventKind.QueueFull => $"the queue is full ({options.QueueMessagesMax} messages or {options.QueueBytesMax} bytes), {(options.QueueOverflow == QueueOverflow.DropOldest ? "so its oldest message goes" : "so it takes no more")}; the client {(session.IsConnected ? "acknowledges too slowly" : "is offline")}",
            BrokerEventKind.SlowConsumer => "the client does not read fast enough, so that QoS 0 does not fit into its output",
            BrokerEventKind.MessageTooLarge => "the message exceeds the Maximum Packet Size of the client",
            _ => "the Message Expiry Interval was over before the message could be sent",
        };
    }
}
