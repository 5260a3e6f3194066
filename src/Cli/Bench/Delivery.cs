using System.Buffers.Binary;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Wire;

namespace Avocet.Cli.Bench;

/// <summary>
/// A received PUBLISH. Unlike <see cref="PublishPacket"/> it checks no more than its lengths: what the broker sends is measured here, not judged,
/// and a load generator must cost less than the broker.
/// </summary>
internal readonly ref struct Delivery
{
    public Qos Qos { get; private init; }

    public bool Retain { get; private init; }

    public ushort PacketId { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    public static bool TryRead(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out Delivery delivery)
    {
        delivery = default;
        if (body.Length < 2) return false;

        var qos = (Qos)((header.Flags >> 1) & 0x03);
        var position = 2 + BinaryPrimitives.ReadUInt16BigEndian(body);
        ushort packetId = 0;
        if (qos != Qos.AtMostOnce)
        {
            if (body.Length < position + 2) return false;

            packetId = BinaryPrimitives.ReadUInt16BigEndian(body[position..]);
            position += 2;
        }

        if (position > body.Length) return false;
        if (version == ProtocolVersion.V50)
        {
            if (VarInt.TryRead(body[position..], out var length, out var size) != DecodeStatus.Done || length > body.Length) return false;

            position += size + (int)length;
            if (position > body.Length) return false;
        }

        delivery = new Delivery { Qos = qos, Retain = (header.Flags & 0x01) != 0, PacketId = packetId, Payload = body[position..] };
        return true;
    }
}
