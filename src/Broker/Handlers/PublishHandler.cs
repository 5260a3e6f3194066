using System.Text.Unicode;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Routing;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Broker.Time;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Handlers;

/// <summary>PUBLISH from a client: refusals first, each with its rule, then QoS 2 de-duplication, routing, and the acknowledgement.</summary>
internal static class PublishHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!PublishPacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            connection.Fail(PacketType.Publish, error);
            return;
        }

        var publisher = connection.Publisher;
        publisher.Messages++;
        publisher.Rate?.CountPublish();
        if (!TryCheckSupport(connection, packet) || !TryResolveAlias(connection, packet, out var topicName)) return;

        var context = connection.Context;
        var session = connection.Session!;
        var mounted = connection.Mount(topicName);
        if (FindRefusal(connection, packet, topicName, mounted, out var reason, out var detail))
        {
            Refuse(connection, packet, mounted, reason, detail);
            return;
        }

        if (connection.Access is { Remote: { } remote } && !IsAllowedElsewhere(connection, remote, packet, mounted)) return;

        if (packet.Qos == Qos.ExactlyOnce && !TryBeginQos2(connection, packet)) return;

        if (context.Control is { } control && ControlHandler.IsControl(mounted))
        {
            ControlHandler.Handle(connection, control, mounted, packet);
            return;
        }

        if (context.Memory is { } memory && memory.MustRefuse(packet.Qos, body.Length))
        {
            Drop(connection, packet, mounted);
            return;
        }

        if (packet.Qos != Qos.AtMostOnce && context.Commits is { IsFailing: true } && Router.NeedsStore(mounted, packet.Retain, connection.Publisher.Matches, session.ClientId))
        {
            RefuseUnkept(connection, packet, mounted, "the store cannot be written");
            return;
        }

        context.Statistics.Add(Statistics.ReceivedPayloadCounterOf(packet.Qos), packet.Payload.Length);
        var publication = new Publication(mounted, ForwardedProperties.Select(packet.Properties, ref connection.Publisher.PropertyScratch), packet.Payload)
        {
            Qos = packet.Qos,
            Retain = packet.Retain,
            ExpiresAt = GetExpiry(packet, connection.LastReceivedAt),
            PublisherId = session.ClientId,
        };
        connection.Batch.CountMessage(context);
        var result = context.Router.Route(ref publication, connection.Publisher.Matches, connection.LastReceivedAt, connection.Batch);
        var after = 0L;
        if (connection.Batch.HasChanges) after = Keep(connection, packet, mounted);
        else if (result.MayMoveOn) KeepIdentifier(connection, packet);

        if (packet.Qos == Qos.AtMostOnce) return;

        AcknowledgeRouted(connection, packet, result, after);
    }

    private static void Refuse(Connection connection, in PublishPacket packet, ReadOnlySpan<byte> mounted, ReasonCode reason, string detail)
    {
        connection.Context.Statistics.Add(Counter.DroppedRefused);
        Log.PublishRefused(connection.Context.Logger, connection.Name, reason.Describe(), detail);
        ConnectionEvents.AddRefusal(connection, BrokerEventKind.PublishRefused, mounted, mounted, new AccessWish(AccessKind.Publish, packet.Qos, packet.Retain), reason, detail);
        EndRefusedQos2(connection, packet);
        // 3.x cannot say that a message was refused. For a topic that is not valid the connection ends; what is not authorized is acknowledged
        // and dropped, as other brokers do. [3.1.1 MQTT-3.3.5-2]
        if (connection.Version != ProtocolVersion.V50 && reason == ReasonCode.TopicNameInvalid) connection.Fail(PacketType.Publish, reason, "4.7.3 Topic Name", "PUBLISH", $"refused: {detail}");
        else Acknowledge(connection, packet, reason, detail);
    }

    /// <summary>Whether somebody elsewhere allows it. Where the answer is not known, the packet waits for it and is handled again.</summary>
    private static bool IsAllowedElsewhere(Connection connection, RemoteAccess remote, in PublishPacket packet, ReadOnlySpan<byte> mounted)
    {
        var answer = remote.FindPublish(mounted, packet.Qos, packet.Retain);
        if (answer is null)
        {
            connection.Publisher.Messages--;
            connection.Publisher.Rate?.UncountPublish();
            connection.HoldPacket(remote, [remote.Publish(mounted, packet.Qos, packet.Retain)]);
            return false;
        }

        if (answer == RemoteAnswer.Yes) return true;

        if (answer == RemoteAnswer.No)
        {
            Refuse(connection, packet, mounted, ReasonCode.NotAuthorized, "the client may not publish to this topic");
        }
        else if (connection.Version == ProtocolVersion.V50 || packet.Qos == Qos.AtMostOnce)
        {
            Refuse(connection, packet, mounted, ReasonCode.ImplementationSpecificError, RemoteAccess.UnavailableText);
        }
        else
        {
            // 3.x cannot be told. What is not acknowledged it sends again on its next connection.
            connection.Context.Statistics.Add(Counter.DroppedRefused);
            connection.End(new Ending(EndingCause.Unanswered, ReasonCode.ImplementationSpecificError, RemoteAccess.UnavailableText));
        }

        return false;
    }

    /// <summary>Hands over to the store what routing has changed, with the identifier of QoS 2 in the same batch; returns the batch to acknowledge after.</summary>
    private static long Keep(Connection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        var changes = connection.Batch.Changes;
        var session = connection.Session!;
        // Of a session that is not durable it is not written, but it has to be free again if the message is refused.
        if (packet.Qos == Qos.ExactlyOnce) changes.Received.Add(new ReceivedChange(session, packet.PacketId, IsAdded: true));

        var durability = packet.Qos == Qos.AtMostOnce ? Durability.None : connection.Context.DurabilityOf(topicName);
        var batch = connection.Context.Commits!.Append(changes, isAnswered: packet.Qos != Qos.AtMostOnce, durability);
        var isAwaited = durability != Durability.None;
        if (packet.Qos == Qos.ExactlyOnce && session.IsDurable) session.KeepQos2(packet.PacketId, isAwaited ? batch : CommitBatcher.Unawaited);

        return isAwaited ? batch : 0;
    }

    /// <summary>
    /// Notes the identifier of a QoS 2 message that is not kept itself, but will be if its receiver's session ends: whoever of a shared group has it then must not
    /// get it again when it is sent again after a crash. Its batch is written before that of the handing over, so that nobody waits for it.
    /// </summary>
    private static void KeepIdentifier(Connection connection, in PublishPacket packet)
    {
        var session = connection.Session!;
        if (!session.IsDurable) return;

        session.KeepQos2(packet.PacketId, CommitBatcher.Unawaited);
        connection.Context.Commits!.Received(new ReceivedChange(session, packet.PacketId, IsAdded: true));
    }

    /// <summary>There is no memory for it: at QoS 0 it is gone, others are not acknowledged.</summary>
    private static void Drop(Connection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName)
    {
        const string Why = "the server is short of memory";
        if (packet.Qos != Qos.AtMostOnce)
        {
            RefuseUnkept(connection, packet, topicName, Why);
            return;
        }

        connection.Context.Statistics.Add(Counter.DroppedRefused);
        ConnectionEvents.AddRefusal(connection, BrokerEventKind.PublishRefused, topicName, default, default, ReasonCode.QuotaExceeded, Why);
    }

    /// <summary>It cannot be kept, and nobody has the message yet: 5.0 is told so, 3.x gets no acknowledgement.</summary>
    private static void RefuseUnkept(Connection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, string why)
    {
        connection.Context.Statistics.Add(Counter.DroppedRefused);
        ConnectionEvents.AddRefusal(connection, BrokerEventKind.PublishRefused, topicName, default, default, ReasonCode.QuotaExceeded, why);
        if (packet.Qos == Qos.ExactlyOnce && connection.Session!.EndQos2(packet.PacketId)) connection.Publisher.ReceivedUnreleased--;

        if (connection.Version == ProtocolVersion.V50)
        {
            Acknowledge(connection, packet, ReasonCode.QuotaExceeded, ReasonText.NotKept);
        }
        else
        {
            connection.LeaveUnanswered();
        }
    }

    private static void AcknowledgeRouted(Connection connection, in PublishPacket packet, RouteResult result, long after)
    {
        if (result.Matched == 0)
        {
            Acknowledge(connection, packet, ReasonCode.NoMatchingSubscribers, null, after);
        }
        else if (result.Refused == 0)
        {
            Acknowledge(connection, packet, ReasonCode.Success, null, after);
        }
        else if (result.Refused == result.Matched)
        {
            // Nobody kept it, so it is not acknowledged as if somebody had. 3.x cannot say so: there it is acknowledged, and so must be kept where it is retained.
            EndRefusedQos2(connection, packet);
            Acknowledge(connection, packet, ReasonCode.QuotaExceeded, "the queues of all receivers are full", connection.Version == ProtocolVersion.V50 ? 0 : after);
        }
        else
        {
            Acknowledge(connection, packet, ReasonCode.Success, $"dropped for {result.Refused} of {result.Matched} receivers, whose queues are full", after);
        }
    }

    /// <summary>What ends the connection because the client was told of it in CONNACK.</summary>
    private static bool TryCheckSupport(Connection connection, in PublishPacket packet)
    {
        var options = connection.Context.Options;
        if (packet.Qos > options.MaximumQos)
        {
            connection.Fail(PacketType.Publish, ReasonCode.QosNotSupported, "MQTT-3.2.2-11", "QoS", $"is {(int)packet.Qos}; at most {(int)options.MaximumQos} is supported");
        }
        else if (packet.Retain && !options.RetainAvailable)
        {
            connection.Fail(PacketType.Publish, ReasonCode.RetainNotSupported, "MQTT-3.2.2-14", "RETAIN", "is 1, and retained messages are turned off");
        }
        else if (!packet.Properties.IsEmpty && packet.Properties.Contains(PropertyId.SubscriptionIdentifier))
        {
            connection.Fail(PacketType.Publish, ReasonCode.ProtocolError, "MQTT-3.3.4-6", "Subscription Identifier", "is for servers to send");
        }
        else
        {
            return true;
        }

        return false;
    }

    private static bool TryResolveAlias(Connection connection, in PublishPacket packet, out ReadOnlySpan<byte> topicName)
    {
        topicName = packet.TopicName;
        if (packet.Properties.IsEmpty || !packet.Properties.TryGetInteger(PropertyId.TopicAlias, out var alias)) return true;

        var aliasMax = connection.Context.Options.TopicAliasMaximum;
        if (alias > aliasMax)
        {
            connection.Fail(PacketType.Publish, ReasonCode.TopicAliasInvalid, "MQTT-3.2.2-17", "Topic Alias", $"is {alias}; at most {aliasMax} is accepted");
            return false;
        }

        if (!topicName.IsEmpty)
        {
            // Set even if the message is refused: the sender relies on it.
            (connection.Publisher.Aliases ??= new InboundAliases(aliasMax)).Set((int)alias, topicName);
            return true;
        }

        if (connection.Publisher.Aliases is not null && connection.Publisher.Aliases.TryGet((int)alias, out topicName)) return true;

        connection.Fail(PacketType.Publish, ReasonCode.ProtocolError, "MQTT-3.3.2-7", "Topic Alias", $"{alias} was not set on this connection");
        return false;
    }

    /// <summary>What concerns this message only; the connection goes on.</summary>
    private static bool FindRefusal(
        Connection connection, in PublishPacket packet, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> mounted, out ReasonCode reason, out string detail)
    {
        var context = connection.Context;
        (reason, detail) = (ReasonCode.Success, "");
        if (TopicName.CountLevels(topicName) > context.Options.TopicLevelsMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, $"topic name has more than {context.Options.TopicLevelsMax} levels");
        }
        else if (topicName.Length > context.Options.TopicBytesMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, $"topic name has more than {context.Options.TopicBytesMax} bytes");
        }
        else if (mounted.Length > Limits.StringSizeMax)
        {
            (reason, detail) = (ReasonCode.TopicNameInvalid, "topic name is too long with the mount point of this listener");
        }
        else if (!Authorization.MayPublish(connection.Access, mounted, packet.Qos, packet.Retain))
        {
            (reason, detail) = (ReasonCode.NotAuthorized, "the client may not publish to this topic");
        }
        else if (packet.Retain && context.Options.RetainedMessagesMax > 0 && !packet.Payload.IsEmpty
            && context.Retained.Count >= context.Options.RetainedMessagesMax && context.Retained.Get(mounted) is null)
        {
            (reason, detail) = (ReasonCode.QuotaExceeded, "the limit of retained messages is reached");
        }
        else if (!packet.Properties.IsEmpty && packet.Properties.TryGetInteger(PropertyId.PayloadFormatIndicator, out var isText) && isText == 1
            && !Utf8.IsValid(packet.Payload))
        {
            (reason, detail) = (ReasonCode.PayloadFormatInvalid, "the payload is not UTF-8, which its Payload Format Indicator says");
        }

        return reason.IsError();
    }

    private static bool TryBeginQos2(Connection connection, in PublishPacket packet)
    {
        var session = connection.Session!;
        if (!session.TryBeginQos2(packet.PacketId, out var after))
        {
            // Sent again before PUBREL: acknowledged again, but routed only once. [MQTT-4.3.3-10]
            Acknowledge(connection, packet, ReasonCode.Success, null, Math.Max(0, after));
            return false;
        }

        if (connection.Version == ProtocolVersion.V50 && connection.Publisher.ReceivedUnreleased - connection.Writer.RefusedReceives >= connection.Context.Options.ReceiveMaximum)
        {
            session.EndQos2(packet.PacketId);
            connection.Fail(
                PacketType.Publish, ReasonCode.ReceiveMaximumExceeded, "MQTT-3.3.4-7", "PUBLISH", $"is one more than the Receive Maximum of {connection.Context.Options.ReceiveMaximum}");
            return false;
        }

        connection.Publisher.ReceivedUnreleased++;
        return true;
    }

    /// <summary>
    /// In 5.0 a PUBREC with an error ends the exchange and the identifier is free again, also where an earlier copy of the PUBLISH was accepted. In 3.x
    /// the exchange goes on to PUBREL.
    /// </summary>
    private static void EndRefusedQos2(Connection connection, in PublishPacket packet)
    {
        if (packet.Qos != Qos.ExactlyOnce || connection.Version != ProtocolVersion.V50) return;

        // An identifier that came on an earlier connection does not count on this one.
        if (connection.Session!.EndQos2(packet.PacketId) && connection.Publisher.ReceivedUnreleased > 0) connection.Publisher.ReceivedUnreleased--;
    }

    private static long GetExpiry(in PublishPacket packet, long now)
    {
        if (packet.Properties.IsEmpty || !packet.Properties.TryGetInteger(PropertyId.MessageExpiryInterval, out var seconds)) return Clock.Never;

        return now + (seconds * 1000L);
    }

    /// <summary>PUBACK or PUBREC; nothing at QoS 0. [MQTT-3.3.4-1]</summary>
    private static void Acknowledge(Connection connection, in PublishPacket packet, ReasonCode reason, string? detail, long after = 0) =>
        Acknowledge(connection, packet.Qos, packet.PacketId, reason, detail, after);

    /// <inheritdoc cref="Acknowledge(Connection, in PublishPacket, ReasonCode, string?, long)"/>
    public static void Acknowledge(Connection connection, Qos qos, ushort packetId, ReasonCode reason, string? detail, long after = 0)
    {
        if (qos == Qos.AtMostOnce) return;

        var type = qos == Qos.AtLeastOnce ? PacketType.Puback : PacketType.Pubrec;
        if (detail is null || connection.Version != ProtocolVersion.V50 || !connection.WantsProblemInformation)
        {
            connection.Writer.WriteAcknowledgement(type, packetId, reason, after: after);
        }
        else
        {
            var properties = new PropertyBuilder();
            properties.Add(PropertyId.ReasonString, ReasonText.Fit(detail));
            connection.Writer.WriteAcknowledgement(type, packetId, reason, properties.Encoded, after);
        }

        connection.Batch.Add(connection.Writer);
    }
}
