using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Avocet.Storage.RocksDb;

/// <summary>
/// One of RocksDB's logs, read to see where it breaks off. The format (doc: "Write Ahead Log File Format"): blocks of 32 kB; in them records of
/// checksum (CRC-32C over all that follows the length), length (2 bytes), type, with recycled logs the log's number, and payload. A batch is one
/// record of type full, or first, middle…, last; it begins with its sequence number (8 bytes) and how many it takes (4 bytes).
/// </summary>
internal sealed class LogScan
{
    private const int BlockSize = 32 * 1024;
    private const int PageSize = 4096;
    private const int HeaderSize = 7;
    private const int RecycledHeaderSize = 11;
    private const int BatchHeaderSize = 12;

    private readonly byte[] _block = new byte[BlockSize];
    private readonly byte[] _batchHeader = new byte[BatchHeaderSize];
    private int _batchHeaderSize;
    private long _batchStart = -1;

    private LogScan(string path)
    {
        Path = path;
    }

    private enum Found
    {
        Whole,

        /// <summary>The log ends before the record does.</summary>
        Incomplete,

        Bad,
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetFileName(Path);

    public long Length { get; private set; }

    /// <summary>Where the last whole batch ends.</summary>
    public long WholeUpTo { get; private set; }

    /// <summary>Where it becomes unreadable; equal to <see cref="Length"/> when it does not.</summary>
    public long BrokenAt { get; private set; }

    /// <summary>The sequence number of the first batch; null when there is none.</summary>
    public ulong? FirstSequence { get; private set; }

    /// <summary>The sequence number that the next batch has.</summary>
    public ulong NextSequence { get; private set; }

    /// <summary>Whether the break is where the log ends, with nothing unreadable: a batch that was being written.</summary>
    public bool IsOnlyCut { get; private set; }

    /// <summary>Whether a later batch begins behind the break.</summary>
    public bool HasLaterBatch { get; private set; }

    /// <summary>Whether a whole page behind the break was never written, as after a power cut.</summary>
    public bool HasHole { get; private set; }

    public static LogScan Read(string path)
    {
        var scan = new LogScan(path);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        scan.Length = scan.BrokenAt = RandomAccess.GetLength(file);
        var isBroken = false;
        for (long offset = 0; offset < scan.Length && !scan.HasLaterBatch; offset += BlockSize)
        {
            var length = RandomAccess.Read(file, scan._block, offset);
            if (!isBroken) isBroken = !scan.ReadBlock(offset, length);
            if (isBroken) scan.Search(offset, length);
        }

        // A batch whose last part never came.
        if (!isBroken && scan._batchStart >= 0) scan.Break(scan.Length, isOnlyCut: true);
        return scan;
    }

    /// <summary>False when the block becomes unreadable.</summary>
    private bool ReadBlock(long offset, int length)
    {
        var position = 0;
        while (length - position >= HeaderSize)
        {
            var found = ReadRecord(position, length, out var type, out var size, out var payload);
            if (found != Found.Whole)
            {
                Break(offset + position, found == Found.Incomplete);
                return false;
            }

            if (!Take(type, offset + position, payload))
            {
                Break(offset + position, isOnlyCut: false);
                return false;
            }

            position += size;
            if (_batchStart < 0) WholeUpTo = offset + position;
        }

        // A header that was cut; where the block is whole, these bytes are its unused end.
        if (length < BlockSize && position < length)
        {
            Break(offset + position, isOnlyCut: true);
            return false;
        }

        return true;
    }

    /// <summary>Takes a part of a batch; false when it does not belong here.</summary>
    private bool Take(int type, long start, ReadOnlySpan<byte> payload)
    {
        switch (KindOf(type))
        {
            case 1 or 2 when _batchStart < 0:
                _batchStart = start;
                _batchHeaderSize = 0;
                TakeHeader(payload);
                return KindOf(type) == 2 || TryEndBatch();

            case 3 when _batchStart >= 0:
                TakeHeader(payload);
                return true;

            case 4 when _batchStart >= 0:
                TakeHeader(payload);
                return TryEndBatch();

            default:
                // Not a part of a batch: what kind of log this is.
                return KindOf(type) == 0;
        }
    }

    /// <summary>A batch that begins near the end of a block has a part of its header in the next one.</summary>
    private void TakeHeader(ReadOnlySpan<byte> payload)
    {
        if (_batchHeaderSize == BatchHeaderSize) return;

        var size = Math.Min(payload.Length, BatchHeaderSize - _batchHeaderSize);
        payload[..size].CopyTo(_batchHeader.AsSpan(_batchHeaderSize));
        _batchHeaderSize += size;
        if (_batchHeaderSize == BatchHeaderSize) FirstSequence ??= BinaryPrimitives.ReadUInt64LittleEndian(_batchHeader);
    }

    private bool TryEndBatch()
    {
        if (_batchHeaderSize < BatchHeaderSize) return false;

        NextSequence = BinaryPrimitives.ReadUInt64LittleEndian(_batchHeader) + BinaryPrimitives.ReadUInt32LittleEndian(_batchHeader.AsSpan(8));
        _batchStart = -1;
        return true;
    }

    private void Break(long at, bool isOnlyCut)
    {
        BrokenAt = at;
        IsOnlyCut = isOnlyCut;
    }

    /// <summary>Looks behind the break for a page that was never written, and for the beginning of another batch.</summary>
    private void Search(long offset, int length)
    {
        var position = (int)Math.Clamp(BrokenAt + 1 - offset, 0, length);
        HasHole = HasHole || FindHole(offset, length);
        while (length - position >= HeaderSize)
        {
            if (ReadRecord(position, length, out var type, out var size, out var payload) != Found.Whole)
            {
                position++;
                continue;
            }

            // Near the end of a block a first part may be too short for the number.
            var isLater = payload.Length < sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(payload) >= NextSequence;
            if (KindOf(type) is 1 or 2 && isLater)
            {
                HasLaterBatch = true;
                return;
            }

            position += size;
        }
    }

    private bool FindHole(long offset, int length)
    {
        for (var page = 0; page < length; page += PageSize)
        {
            var end = Math.Min(page + PageSize, length);
            var start = (int)Math.Max(page, BrokenAt - offset);
            if (start < end && !_block.AsSpan(start, end - start).ContainsAnyExcept((byte)0)) return true;
        }

        return false;
    }

    private Found ReadRecord(int position, int length, out int type, out int size, out ReadOnlySpan<byte> payload)
    {
        var rest = _block.AsSpan(position, length - position);
        payload = default;
        type = rest[6];
        var isRecycled = type is >= 5 and <= 8 or 11 or 34;
        var headerSize = isRecycled ? RecycledHeaderSize : HeaderSize;
        size = headerSize + BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
        if (type == 0 || position + size > BlockSize) return Found.Bad;
        if (size > rest.Length) return length < BlockSize ? Found.Incomplete : Found.Bad;
        if (BinaryPrimitives.ReadUInt32LittleEndian(rest) != ChecksumOf(rest[6..size])) return Found.Bad;

        payload = rest[headerSize..size];
        return Found.Whole;
    }

    /// <summary>1 full, 2 first, 3 middle, 4 last; 0 for all others.</summary>
    private static int KindOf(int type) => type switch
    {
        >= 1 and <= 4 => type,
        >= 5 and <= 8 => type - 4,
        _ => 0,
    };

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(bytes)) crc = BitOperations.Crc32C(crc, eight);
        foreach (var one in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, one);

        // RocksDB turns it around, so that the checksum of something with a checksum in it is as good.
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }
}
