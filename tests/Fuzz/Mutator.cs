using System.Buffers.Binary;
using Avocet.Protocol;
using Avocet.Protocol.Wire;
using Avocet.TestKit;

namespace Avocet.Fuzz;

/// <summary>Changes packets in a buffer of its own: bits, lengths, ranges, properties, strings; mostly with a right Remaining Length.</summary>
internal sealed class Mutator(SeededRandom random, byte[][] seeds)
{
    /// <summary>The largest input; seeds beyond it are not used.</summary>
    public const int SizeMax = 4_096;

    // Guard bytes around the input, so that reading beyond it would meet something.
    private const int Guard = 64;

    private static readonly byte[][] Properties =
    [
        [0x01, 0x01], [0x01, 0x02], [0x02, 0, 0, 0, 1], [0x03, 0, 1, 0x61], [0x08, 0, 1, 0x61], [0x08, 0, 1, 0x2B], [0x09, 0, 2, 0x00, 0xFF], [0x0B, 0x01],
        [0x0B, 0x00], [0x0B, 0x80, 0x01], [0x0B, 0xFF, 0xFF, 0xFF, 0x7F], [0x11, 0, 0, 0, 10], [0x12, 0, 1, 0x61], [0x13, 0, 9], [0x15, 0, 1, 0x6D],
        [0x16, 0, 1, 0xFF], [0x17, 1], [0x18, 0, 0, 0, 5], [0x19, 0], [0x1A, 0, 0], [0x1C, 0, 1, 0x73], [0x1F, 0, 1, 0x77], [0x21, 0, 1], [0x21, 0, 0],
        [0x22, 0, 0], [0x23, 0, 1], [0x23, 0, 0], [0x24, 1], [0x25, 0], [0x26, 0, 1, 0x6B, 0, 1, 0x76], [0x26, 0, 0, 0, 0], [0x27, 0, 0, 1, 0], [0x28, 1],
        [0x29, 0], [0x2A, 1], [0x2B, 0], [0x00], [0x7F, 0],
        [0x26, 0, 1, 0x6B, 0, 200, .. new byte[200].Select(_ => (byte)'v')], [0x26, 0, 150, .. new byte[150].Select(_ => (byte)'k'), 0, 0],
        [0x03, 1, 44, .. new byte[300].Select(_ => (byte)'c')], [0x1F, 0, 130, .. new byte[130].Select(_ => (byte)'r')],
    ];

    private static readonly byte[][] Pieces =
    [
        [0x00], [0xC3, 0xA9], [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF], [0xEF, 0xBF, 0xBF], [0xF0, 0x9F, 0x98, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0x2B], [0x23], [0x2F], [0x24], [0x2F, 0x2B, 0x2F], [0x2F, 0x23], [0x00, 0x00], [0x00, 0x01, 0x61], [0xFF, 0xFF],
        [0x00, 0x01, 0x61, 0x00], [0x80, 0x80, 0x80, 0x80, 0x01],
    ];

    private readonly byte[] _buffer = new byte[Guard + SizeMax + Guard];
    private int _length;

    /// <summary>Makes the next input; valid until the next call.</summary>
    public ReadOnlySpan<byte> Next(byte[] seed)
    {
        seed.CopyTo(_buffer.AsSpan(Guard));
        _length = seed.Length;

        var changes = 1 + (random.Below(4) == 0 ? random.Below(12) : random.Below(3));
        for (var i = 0; i < changes; i++) Change();

        var chance = random.Below(32);
        if (chance < 24) FixRemainingLength(isOverlong: false);
        else if (chance == 24) FixRemainingLength(isOverlong: true);

        return Input;
    }

    private Span<byte> Input => _buffer.AsSpan(Guard, _length);

    private void Change()
    {
        var at = random.Below(_length + 1);
        switch (random.Below(14))
        {
            case 0 or 1:
                if (at < _length) Input[at] ^= (byte)(1 << random.Below(8));
                break;

            case 2:
                if (at < _length) Input[at] = random.NextByte();
                break;

            case 3:
                if (at < _length) Input[at] = (byte)(Input[at] + random.Below(9) - 4);
                break;

            case 4:
                ChangeLength(at);
                break;

            case 5:
                Remove(at, 1 + random.Below(8));
                break;

            case 6:
                Duplicate(at);
                break;

            case 7:
                Insert(at, Pieces[random.Below(Pieces.Length)]);
                break;

            case 8:
                Splice(at);
                break;

            case 9:
                if (random.Below(4) == 0) _length = at;
                break;

            case 10 or 11:
                InsertProperty();
                break;

            case 12:
                ChangeFirstByte();
                break;

            default:
                InsertIntoString();
                break;
        }
    }

    // What could be a two-byte length is set to something near the truth, or far from it.
    private void ChangeLength(int at)
    {
        if (at + 2 > _length) return;

        var left = _length - at - 2;
        var length = random.Below(6) switch
        {
            0 => 0,
            1 => left,
            2 => left + 1,
            3 => Math.Max(0, left - 1),
            4 => ushort.MaxValue,
            _ => random.Below(left + 1),
        };
        BinaryPrimitives.WriteUInt16BigEndian(Input[at..], (ushort)length);
    }

    private void Remove(int at, int count)
    {
        count = Math.Min(count, _length - at);
        Input[(at + count)..].CopyTo(Input[at..]);
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > SizeMax) return;

        _length += bytes.Length;
        var input = Input;
        input[at..^bytes.Length].CopyTo(input[(at + bytes.Length)..]);
        bytes.CopyTo(input[at..]);
    }

    private void Duplicate(int at)
    {
        var count = Math.Min(1 + random.Below(16), _length - at);
        Span<byte> copy = stackalloc byte[16];
        Input.Slice(at, count).CopyTo(copy);
        Insert(at, copy[..count]);
    }

    // Goes on with the end of another packet, or with the whole of it as a second packet.
    private void Splice(int at)
    {
        var other = seeds[random.Below(seeds.Length)];
        if (random.Below(4) == 0)
        {
            FixRemainingLength(isOverlong: false);
            Insert(_length, other);
            return;
        }

        var from = Math.Min(at, random.Below(other.Length));
        var count = Math.Min(other.Length - from, SizeMax - at);
        _length = at;
        Insert(at, other.AsSpan(from, count));
    }

    private void ChangeFirstByte()
    {
        if (_length == 0) return;

        var type = 1 + random.Below(15);
        var flags = type is 6 or 8 or 10 ? 2 : type == 3 ? random.Below(16) : 0;
        Input[0] = (byte)((type << 4) | flags);
    }

    // Puts a property at the head of the block, where the block is found, and lets the Property Length follow.
    private void InsertProperty()
    {
        var at = FindPropertyLength();
        if (at < 0 || at >= _length || VarInt.TryRead(Input[at..], out var length, out var size) != DecodeStatus.Done) return;

        var property = Properties[random.Below(Properties.Length)];
        if (length > SizeMax || _length + property.Length + 1 > SizeMax) return;

        Span<byte> changed = stackalloc byte[Limits.VarIntSizeMax];
        var changedSize = VarInt.Write(changed, length + (uint)property.Length);
        Remove(at, size);
        Insert(at, changed[..changedSize]);
        Insert(at + changedSize, property);
    }

    // Lengthens a string and its length alike. The first string of PUBLISH and of filters is easily found; elsewhere a guess does.
    private void InsertIntoString()
    {
        var at = random.Below(_length + 1);
        if (at + 2 > _length) return;

        var size = BinaryPrimitives.ReadUInt16BigEndian(Input[at..]);
        if (size > _length - at - 2) return;

        var piece = Pieces[random.Below(Pieces.Length)];
        if (_length + piece.Length > SizeMax) return;

        BinaryPrimitives.WriteUInt16BigEndian(Input[at..], (ushort)(size + piece.Length));
        Insert(at + 2 + random.Below(size + 1), piece);
    }

    private int FindPropertyLength()
    {
        if (FixedHeader.TryRead(Input, out var header) != DecodeStatus.Done) return -1;

        var body = Input[header.Size..];
        return header.Size + header.Type switch
        {
            PacketType.Connect => 10,
            PacketType.Publish => body.Length < 2 ? -100 : 2 + BinaryPrimitives.ReadUInt16BigEndian(body) + ((header.Flags & 0x06) == 0 ? 0 : 2),
            PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => 3,
            PacketType.Disconnect or PacketType.Auth => 1,
            _ => 2,
        };
    }

    // Writes the length of what there is, for the first packet; a malformed length is replaced.
    private void FixRemainingLength(bool isOverlong)
    {
        if (_length < 2) return;

        var headerSize = FixedHeader.TryRead(Input, out var header) == DecodeStatus.Done ? header.Size : Math.Min(_length, 1 + Limits.VarIntSizeMax);
        // A second packet behind the first stays a second packet, if nothing moved.
        if (header.Size > 0 && header.PacketSize < _length && random.Below(4) == 0) return;

        Span<byte> length = stackalloc byte[Limits.VarIntSizeMax];
        var size = VarInt.Write(length, (uint)(_length - headerSize));
        if (isOverlong && size < Limits.VarIntSizeMax)
        {
            length[size - 1] |= 0x80;
            length[size++] = 0;
        }

        Remove(1, headerSize - 1);
        Insert(1, length[..size]);
    }
}
