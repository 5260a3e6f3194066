using Avocet.Broker.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Handlers;

/// <summary>UNSUBSCRIBE: filters are compared byte for byte; UNSUBACK comes whatever was found. [MQTT-3.10.4-5]</summary>
internal static class UnsubscribeHandler
{
    public static void Handle(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (!UnsubscribePacket.TryDecode(header, body, connection.Version, out var packet, out var error))
        {
            connection.Fail(PacketType.Unsubscribe, error);
            return;
        }

        var codes = new byte[packet.Count];
        if (!SubscribeHandler.TryCheckAnswer(connection, PacketType.Unsubscribe, PacketType.Unsuback, codes)) return;

        var place = 0;
        var after = 0L;
        foreach (var filter in packet) codes[place++] = (byte)Unsubscribe(connection, filter, ref after);

        SubscribeHandler.Acknowledge(connection, PacketType.Unsuback, packet.PacketId, codes, after);
    }

    private static ReasonCode Unsubscribe(Connection connection, ReadOnlySpan<byte> filter, ref long after)
    {
        var isShared = SharedFilter.TryParse(filter, out var shared);
        if (!isShared && !TopicFilter.IsValid(filter)) return ReasonCode.TopicFilterInvalid;

        var inner = connection.Mount(isShared ? shared.Filter : filter);
        if (connection.Access is { } access && !access.MayUnsubscribe(inner)) return ReasonCode.NotAuthorized;

        var mounted = isShared ? MountedFilter.Join(filter[..^shared.Filter.Length], inner) : inner;
        var existed = connection.Session!.Unsubscribe(mounted, out var batch);
        after = Math.Max(after, batch);
        return existed ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted;
    }
}
