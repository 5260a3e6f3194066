using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Bench;

/// <summary>What the broker said in CONNACK that a client must keep to.</summary>
internal readonly record struct ServerLimits(int ReceiveMaximum, long PacketSizeMax)
{
    /// <summary>Whether no CONNACK came yet.</summary>
    public bool IsNone => ReceiveMaximum == 0;

    public static ServerLimits Read(in ConnackPacket packet) => new(
        packet.Properties.TryGetInteger(PropertyId.ReceiveMaximum, out var receiveMaximum) ? (int)receiveMaximum : Protocol.Limits.ReceiveMaximumDefault,
        packet.Properties.TryGetInteger(PropertyId.MaximumPacketSize, out var packetSizeMax) ? packetSizeMax : Protocol.Limits.PacketSizeMax);
}
