using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Security;
using Avocet.Broker.Topics;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Handlers;

/// <summary>SUBSCRIBE: each filter is judged by itself; SUBACK has a code for each, then their retained messages follow.</summary>
internal static class SubscribeHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!SubscribePacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            connection.Fail(PacketType.Subscribe, error);
            return;
        }

        foreach (var request in packet)
        {
            if (!request.Options.NoLocal || !SharedFilter.IsShared(request.TopicFilter)) continue;

            connection.Fail(PacketType.Subscribe, ReasonCode.ProtocolError, "MQTT-3.8.3-4", "No Local", "is 1 on a shared subscription");
            return;
        }

        packet.Properties.TryGetInteger(PropertyId.SubscriptionIdentifier, out var subscriptionId);
        var codes = new byte[packet.Count];
        if (!TryCheckAnswer(connection, PacketType.Subscribe, PacketType.Suback, codes)) return;

        if (connection.Access is { Remote: { } remote } && MustAsk(connection, remote, packet)) return;

        var replays = new List<Subscription>();
        var place = 0;
        var after = 0L;
        foreach (var request in packet) codes[place++] = Subscribe(connection, request, subscriptionId, replays, ref after);

        // A subscription that a crash could take back is not acknowledged.
        Acknowledge(connection, PacketType.Suback, packet.PacketId, codes, after);
        foreach (var subscription in replays) connection.Session!.Replay(subscription, after);

        if (replays.Count > 0) connection.Session!.Resume();
    }

    /// <summary>Ends the connection of a client that asks for more codes than its Maximum Packet Size lets it be answered. [MQTT-3.1.2-24]</summary>
    public static bool TryCheckAnswer(Connection connection, PacketType request, PacketType answer, ReadOnlySpan<byte> codes)
    {
        var size = new SubscriptionAcknowledgementPacket { Type = answer, ReasonCodes = codes }.GetEncodedSize(connection.Version);
        if (size <= connection.Writer.PacketSizeMax) return true;

        var problem = $"is {codes.Length}, whose answer exceeds the client's Maximum Packet Size of {connection.Writer.PacketSizeMax} bytes";
        connection.Fail(request, ReasonCode.PacketTooLarge, "MQTT-3.1.2-24", "number of topic filters", problem);
        return false;
    }

    /// <summary>Answers SUBSCRIBE or UNSUBSCRIBE with a code for each filter, once the batch is kept.</summary>
    public static void Acknowledge(Connection connection, PacketType type, ushort packetId, ReadOnlySpan<byte> codes, long after)
    {
        var packet = new SubscriptionAcknowledgementPacket { Type = type, PacketId = packetId, ReasonCodes = codes };
        var bytes = new byte[packet.GetEncodedSize(connection.Version)];
        packet.Encode(bytes, connection.Version);
        connection.Writer.Write(bytes, type, after);
        connection.Batch.Add(connection.Writer);
    }

    /// <summary>Whether somebody elsewhere has to be asked first. Then the packet waits for the answers and is handled again.</summary>
    private static bool MustAsk(Connection connection, RemoteAccess remote, in SubscribePacket packet)
    {
        if (remote.HasAsked) return false;

        List<RemoteQuestion>? questions = null;
        foreach (var request in packet)
        {
            if (questions is { Count: RemoteAccess.QuestionsMax }) break;

            var inner = request.TopicFilter;
            if (SharedFilter.IsShared(inner)) inner = SharedFilter.TryParse(inner, out var shared) ? shared.Filter : default;
            if (inner.IsEmpty || inner.Length > connection.Context.Options.TopicBytesMax || !TopicFilter.IsValid(inner)) continue;

            var mounted = connection.Mount(inner);
            var qos = request.Options.MaximumQos;
            if (Authorization.MaySubscribe(connection.Access, mounted, qos) && remote.FindSubscribe(mounted, qos) is null) (questions ??= []).Add(remote.Subscribe(mounted, qos));
        }

        if (questions is null) return false;

        connection.HoldPacket(remote, questions);
        return true;
    }

    private static byte Subscribe(Connection connection, in SubscriptionRequest request, uint subscriptionId, List<Subscription> replays, ref long after)
    {
        var context = connection.Context;
        var isShared = SharedFilter.IsShared(request.TopicFilter);
        ReadOnlySpan<byte> inner = request.TopicFilter;
        if (isShared)
        {
            if (!SharedFilter.TryParse(request.TopicFilter, out var shared)) return Refuse(connection, ReasonCode.TopicFilterInvalid, request.TopicFilter);

            inner = shared.Filter;
        }
        else if (!TopicFilter.IsValid(inner))
        {
            return Refuse(connection, ReasonCode.TopicFilterInvalid, request.TopicFilter);
        }

        if (TopicName.CountLevels(inner) > context.Options.TopicLevelsMax || inner.Length > context.Options.TopicBytesMax) return Refuse(connection, ReasonCode.TopicFilterInvalid, request.TopicFilter);

        // The mount point stands in front of the filter itself, behind "$share/{ShareName}/".
        var mounted = connection.Mount(inner);
        if (mounted.Length > Limits.StringSizeMax) return Refuse(connection, ReasonCode.TopicFilterInvalid, request.TopicFilter);
        if (!Authorization.MaySubscribe(connection.Access, mounted, request.Options.MaximumQos)) return Refuse(connection, ReasonCode.NotAuthorized, request.TopicFilter, mounted);

        if (connection.Access is { Remote: { } remote } && remote.FindSubscribe(mounted, request.Options.MaximumQos) is var answer and not RemoteAnswer.Yes)
        {
            return Refuse(connection, answer == RemoteAnswer.No ? ReasonCode.NotAuthorized : ReasonCode.ImplementationSpecificError, request.TopicFilter);
        }

        var granted = request.Options with { MaximumQos = request.Options.MaximumQos < context.Options.MaximumQos ? request.Options.MaximumQos : context.Options.MaximumQos };
        var filter = isShared ? MountedFilter.Join(request.TopicFilter[..^inner.Length], mounted) : mounted;
        if (connection.Session!.IsDurable && context.Commits is { IsFailing: true }) return Refuse(connection, ReasonCode.QuotaExceeded, request.TopicFilter);

        if (context.Memory is { Level: >= MemoryLevel.Tight } || !connection.Session.MaySubscribe(filter)) return Refuse(connection, ReasonCode.QuotaExceeded, request.TopicFilter);

        var subscription = connection.Session!.Subscribe(filter, granted, subscriptionId, out var existed, out var batch);
        after = Math.Max(after, batch);

        // Shared subscriptions get no retained messages. In 3.x the options are 0, so each SUBSCRIBE gets them. [3.1.1 MQTT-3.8.4-3]
        var sendsRetained = !isShared && (granted.RetainHandling == RetainHandling.SendAtSubscribe
            || (granted.RetainHandling == RetainHandling.SendIfNewSubscription && !existed));
        if (sendsRetained) replays.Add(subscription);

        return (byte)granted.MaximumQos;
    }

    private static byte Refuse(Connection connection, ReasonCode reason, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> asked = default)
    {
        Log.FilterRefused(connection.Context.Logger, connection.Name, PrintableText.Of(filter), reason.Describe());
        ConnectionEvents.AddRefusal(connection, BrokerEventKind.SubscribeRefused, filter, asked, new AccessWish(AccessKind.Subscribe), reason, reason.Describe());
        // 3.x has one code for all failures. [3.1.1 MQTT-3.9.3-2]
        return (byte)(connection.Version == ProtocolVersion.V50 ? reason : ReasonCode.UnspecifiedError);
    }
}
