using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.TestKit.Packets;

/// <summary>A SUBSCRIBE.</summary>
public sealed record SubscribeBuilder : PacketBuilder<SubscribeBuilder>
{
    internal ushort PacketId { get; init; }

    private byte[] Filters { get; init; } = [];

    private int Count { get; init; }

    public SubscribeBuilder Filter(
        string filter,
        Qos qos = Qos.AtMostOnce,
        bool noLocal = false,
        bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe)
    {
        return Filter(filter, new SubscriptionOptions(qos, noLocal, retainAsPublished, retainHandling).Encoded);
    }

    /// <summary>A filter with its options byte as it stands, valid or not.</summary>
    public SubscribeBuilder Filter(string filter, byte options)
    {
        var encoded = Encoding.UTF8.GetBytes(filter);
        var bytes = new byte[WireWriter.SizeOf(encoded) + 1];
        var writer = new WireWriter(bytes);
        writer.WriteBinary(encoded);
        writer.WriteByte(options);
        return this with { Filters = [.. Filters, .. bytes], Count = Count + 1 };
    }

    public SubscribeBuilder SubscriptionId(uint id) => Property(PropertyId.SubscriptionIdentifier, id);

    public override byte[] Encode(ProtocolVersion version)
    {
        var packet = new SubscribePacket { PacketId = PacketId, Properties = Properties, Payload = Filters, Count = Count };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }
}
