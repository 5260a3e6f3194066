using System.Buffers.Binary;
using System.Text.Unicode;

namespace Avocet.Protocol.Wire;

/// <summary>
/// Reads the fields of one packet from its body. Every method returns false on the first fault and leaves it in <see cref="Error"/>; nothing is
/// copied or allocated, and no read goes beyond the body.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> body, int bodyOffset, ProtocolVersion version)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _position;

    public DecodeError Error { get; private set; }

    public readonly ProtocolVersion Version => version;

    public readonly int Left => _body.Length - _position;

    /// <summary>The position in the packet, fixed header included.</summary>
    public readonly int Offset => bodyOffset + _position;

    public bool Fail(ReasonCode reason, string rule, string field, string problem) => Fail(reason, rule, Offset, field, problem);

    public bool Fail(ReasonCode reason, string rule, int offset, string field, string problem)
    {
        Error = new DecodeError(reason, rule, offset, field, problem);
        return false;
    }

    public bool Fail(in DecodeError error)
    {
        Error = error;
        return false;
    }

    public bool TryReadByte(string field, out byte value)
    {
        value = 0;
        if (Left < 1) return FailTruncated(field);

        value = _body[_position++];
        return true;
    }

    public bool TryReadUInt16(string field, out ushort value)
    {
        value = 0;
        if (Left < 2) return FailTruncated(field);

        value = BinaryPrimitives.ReadUInt16BigEndian(_body[_position..]);
        _position += 2;
        return true;
    }

    public bool TryReadUInt32(string field, out uint value)
    {
        value = 0;
        if (Left < 4) return FailTruncated(field);

        value = BinaryPrimitives.ReadUInt32BigEndian(_body[_position..]);
        _position += 4;
        return true;
    }

    public bool TryReadVarInt(string field, out uint value)
    {
        var status = VarInt.TryRead(_body[_position..], out value, out var size);
        if (status == DecodeStatus.NeedMoreData) return FailTruncated(field);
        if (status == DecodeStatus.Malformed) return Fail(ReasonCode.MalformedPacket, "1.5.5 Variable Byte Integer", field, "has more than four bytes");
        if (size != VarInt.SizeOf(value)) return Fail(ReasonCode.MalformedPacket, "MQTT-1.5.5-1", field, "is not in the shortest form");

        _position += size;
        return true;
    }

    /// <summary>Reads a Packet Identifier; 0 is never valid. [MQTT-2.2.1-3] [3.1.1 MQTT-2.3.1-1]</summary>
    public bool TryReadPacketId(out ushort packetId)
    {
        if (!TryReadUInt16("packet identifier", out packetId)) return false;
        if (packetId != 0) return true;

        var rule = Version == ProtocolVersion.V50 ? "MQTT-2.2.1-3" : "3.1.1 MQTT-2.3.1-1";
        return Fail(ReasonCode.MalformedPacket, rule, Offset - 2, "packet identifier", "is 0");
    }

    public bool TryReadBinary(string field, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryReadUInt16(field, out var size)) return false;
        if (Left < size) return FailTruncated(field);

        value = _body.Slice(_position, size);
        _position += size;
        return true;
    }

    /// <summary>Reads a UTF-8 string and checks it. [MQTT-1.5.4-1] [MQTT-1.5.4-2] A BOM is a character like any other. [MQTT-1.5.4-3]</summary>
    public bool TryReadString(string field, out ReadOnlySpan<byte> value)
    {
        if (!TryReadBinary(field, out value)) return false;

        if (!Utf8.IsValid(value))
        {
            var rule = Version == ProtocolVersion.V50 ? "MQTT-1.5.4-1" : "3.1.1 MQTT-1.5.3-1";
            return Fail(ReasonCode.MalformedPacket, rule, Offset - value.Length, field, "is not well-formed UTF-8");
        }

        var zero = value.IndexOf((byte)0);
        if (zero >= 0)
        {
            var rule = Version == ProtocolVersion.V50 ? "MQTT-1.5.4-2" : "3.1.1 MQTT-1.5.3-2";
            return Fail(ReasonCode.MalformedPacket, rule, Offset - value.Length + zero, field, "contains U+0000");
        }

        return true;
    }

    /// <summary>Takes all that is left.</summary>
    public ReadOnlySpan<byte> ReadRest()
    {
        var rest = _body[_position..];
        _position = _body.Length;
        return rest;
    }

    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        var bytes = _body.Slice(_position, count);
        _position += count;
        return bytes;
    }

    /// <summary>The bytes read since <paramref name="offset"/>, an earlier <see cref="Offset"/>.</summary>
    public readonly ReadOnlySpan<byte> Since(int offset) => _body[(offset - bodyOffset).._position];

    /// <summary>Checks that nothing follows the last field.</summary>
    public bool TryEnd(string packet)
    {
        return Left == 0 || Fail(ReasonCode.MalformedPacket, "2.1.4 Remaining Length", packet, "is longer than its fields");
    }

    private bool FailTruncated(string field) => Fail(ReasonCode.MalformedPacket, "2.1.4 Remaining Length", field, "ends behind the end of the packet");
}
