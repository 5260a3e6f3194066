using Avocet.Client.Connections;
using Avocet.Protocol;

namespace Avocet.Client.Publishing;

/// <summary>What a broker has said that it does not take.</summary>
internal static class PublishLimits
{
    /// <summary>Why a message cannot be sent over this connection; null when it can. [MQTT-3.2.2-11] [MQTT-3.2.2-14] [MQTT-3.2.2-15]</summary>
    public static MqttPublishException? RefusalOf(in PublishRequest request, Link link, int topicSize, int payloadSize)
    {
        var server = link.Server;
        if (request.Qos > server.MaximumQos)
        {
            return Refuse(ReasonCode.QosNotSupported, request.Topic, $"the broker takes at most QoS {(int)server.MaximumQos}. Publish with that.");
        }

        if (request.Retain && !server.RetainAvailable) return Refuse(ReasonCode.RetainNotSupported, request.Topic, "the broker takes no retained messages. Publish without retain.");
        if (server.MaximumPacketSize >= Limits.PacketSizeMax && payloadSize < Limits.RemainingLengthMax / 2) return null;

        var size = PublishWriter.GetSizeMax(link, request, topicSize, payloadSize);
        return size <= server.MaximumPacketSize && size <= Limits.PacketSizeMax
            ? null
            : Refuse(ReasonCode.PacketTooLarge, request.Topic, $"the packet has {size} bytes; the broker takes {server.MaximumPacketSize}.");
    }

    private static MqttPublishException Refuse(ReasonCode reason, string topic, string why) => new($"Message to '{topic}' not sent: {why}") { Reason = reason };
}
