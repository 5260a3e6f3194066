using System.Buffers.Binary;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Wire;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>Reads the fields of a chunk.</summary>
internal ref struct MosquittoReader(ReadOnlySpan<byte> body, long offset)
{
    private ReadOnlySpan<byte> _rest = body;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte ReadByte() => ReadBytes(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(ReadBytes(4));

    /// <summary>A number in the order of the machine.</summary>
    public ulong ReadMachineUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(8));

    /// <summary>A time in seconds since 1970; 0 is none. In milliseconds.</summary>
    public long? ReadTime()
    {
        var seconds = (long)ReadMachineUInt64();
        if (seconds is < 0 or > 200_000_000_000) throw MosquittoFile.Damaged(offset, "a time is impossible; was the file written by a big-endian machine?");

        return seconds == 0 ? null : seconds * 1000;
    }

    public void Skip(int count) => ReadBytes(count);

    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count > _rest.Length) throw MosquittoFile.Damaged(offset, "a chunk ends too early for what it holds");

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public string ReadText(int count) => Encoding.UTF8.GetString(ReadBytes(count));

    /// <summary>The properties at the end of a chunk, without their length; empty where there are none.</summary>
    public ReadOnlySpan<byte> ReadProperties()
    {
        if (_rest.IsEmpty) return [];
        if (VarInt.TryRead(_rest, out var length, out var size) != DecodeStatus.Done) throw MosquittoFile.Damaged(offset, "the length of properties does not end");

        ReadBytes(size);
        return length <= int.MaxValue ? ReadBytes((int)length) : throw MosquittoFile.Damaged(offset, "the length of properties is impossible");
    }
}
