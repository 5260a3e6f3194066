using System.Buffers.Binary;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance;

/// <summary>Packets as bytes, also such as no client may send.</summary>
internal static class RawPackets
{
    public static byte[] Pingreq => [0xC0, 0];

    public static byte[] Disconnect => [0xE0, 0];

    public static byte[] Publish(
        ProtocolVersion version, string topic, string payload, int qos = 0, ushort id = 0, bool retain = false, bool dup = false, Action<PropertyBuilder>? properties = null)
    {
        var block = new PropertyBuilder();
        if (version == ProtocolVersion.V50) properties?.Invoke(block);
        var packet = new PublishPacket
        {
            TopicName = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            Qos = (Qos)qos,
            PacketId = id,
            Retain = retain,
            Dup = dup,
            Properties = block.Encoded,
        };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    /// <summary>A PUBLISH of QoS 0 whose topic is any bytes.</summary>
    public static byte[] PublishTo(ProtocolVersion version, ReadOnlySpan<byte> topic) =>
        Packet(0x30, [.. String(topic), .. NoProperties(version), (byte)'x']);

    public static byte[] Acknowledgement(PacketType type, ushort id)
    {
        var bytes = new byte[4];
        bytes[0] = (byte)(((int)type << 4) | (type == PacketType.Pubrel ? 2 : 0));
        bytes[1] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), id);
        return bytes;
    }

    public static byte[] Subscribe(ProtocolVersion version, ushort id, ReadOnlySpan<byte> properties, params ReadOnlySpan<(string Filter, int Options)> filters)
    {
        var payload = new List<byte>();
        foreach (var (filter, options) in filters) payload.AddRange([.. String(filter), (byte)options]);
        var packet = new SubscribePacket { PacketId = id, Properties = properties, Payload = payload.ToArray(), Count = filters.Length };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    public static byte[] Unsubscribe(ProtocolVersion version, ushort id, params ReadOnlySpan<string> filters)
    {
        var payload = new List<byte>();
        foreach (var filter in filters) payload.AddRange(String(filter));
        var packet = new UnsubscribePacket { PacketId = id, Payload = payload.ToArray(), Count = filters.Length };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    /// <summary>A CONNECT with any flags, and what follows them.</summary>
    public static byte[] Connect(ProtocolVersion version, byte flags, ReadOnlySpan<byte> payload, string name = "MQTT", int level = 0, params ReadOnlySpan<byte> properties)
    {
        byte[] propertyBlock = version == ProtocolVersion.V50 ? [(byte)properties.Length, .. properties] : [];
        return Packet(0x10, [.. String(name), (byte)(level == 0 ? (int)version : level), flags, 0, 60, .. propertyBlock, .. payload]);
    }

    /// <summary>Any first byte and body; the body is short.</summary>
    public static byte[] Packet(byte firstByte, ReadOnlySpan<byte> body)
    {
        if (body.Length < 0x80) return [firstByte, (byte)body.Length, .. body];

        return [firstByte, (byte)((body.Length & 0x7F) | 0x80), (byte)(body.Length >> 7), .. body];
    }

    public static byte[] String(string text) => String(Encoding.UTF8.GetBytes(text));

    public static byte[] String(ReadOnlySpan<byte> text) => [(byte)(text.Length >> 8), (byte)text.Length, .. text];

    public static byte[] NoProperties(ProtocolVersion version) => version == ProtocolVersion.V50 ? [0] : [];
}
