using System.Buffers.Binary;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>
/// Mosquitto's persistence file: a header, then chunks of a type, a length and as many bytes. Types, lengths and most numbers are in network order; identifiers of
/// messages and times are in the order of the machine that wrote them, of which only little-endian ones are known here. Found by looking at
/// files that Mosquitto 2.0 wrote (format 6); format 5, of Mosquitto 1.6, has a shorter client record.
/// </summary>
internal sealed class MosquittoFile : IDisposable
{
    public const int FormatMin = 5;
    public const int FormatMax = 6;

    private const int ChecksumSize = 4;
    private const int ChunkHeaderSize = 8;

    private readonly Stream _stream;
    private long _offset;

    private MosquittoFile(Stream stream, uint format)
    {
        _stream = stream;
        _offset = HeaderSize;
        Format = format;
    }

    public uint Format { get; }

    private static ReadOnlySpan<byte> Magic => [0x00, 0xB5, 0x00, 0x6D, 0x6F, 0x73, 0x71, 0x75, 0x69, 0x74, 0x74, 0x6F, 0x20, 0x64, 0x62];

    private static int HeaderSize => Magic.Length + ChecksumSize + sizeof(uint);

    /// <summary>Whether a file begins as Mosquitto's does.</summary>
    public static bool IsOne(string path)
    {
        using var stream = File.OpenRead(path);
        var start = new byte[Magic.Length];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && Magic.SequenceEqual(start);
    }

    /// <summary>Opens a file for which <see cref="IsOne"/> holds.</summary>
    /// <exception cref="ImportException">Its format is not known.</exception>
    public static MosquittoFile Open(string path)
    {
        var stream = File.OpenRead(path);
        try
        {
            var header = new byte[HeaderSize];
            if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length) throw new ImportException("The file ends within its header.");

            var format = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(Magic.Length + ChecksumSize));
            if (format is >= FormatMin and <= FormatMax) return new MosquittoFile(stream, format);

            throw new ImportException(
                $"The file has Mosquitto's format {format}; {FormatMin} and {FormatMax} are read here. "
                + $"Mosquitto 2 reads older files and writes {FormatMax}: start and stop it once.");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The next chunk, or null at the end.</summary>
    /// <exception cref="ImportException">The file is damaged; the message says where.</exception>
    public MosquittoChunk? Read()
    {
        var offset = _offset;
        var header = new byte[ChunkHeaderSize];
        _stream.Position = offset;
        var read = _stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read == 0) return null;
        if (read < header.Length) throw Damaged(offset, "the file ends within the header of a chunk");

        var type = (MosquittoChunkType)BinaryPrimitives.ReadUInt32BigEndian(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        if (length > _stream.Length - offset - ChunkHeaderSize) throw Damaged(offset, $"a chunk of {length} bytes goes beyond the end of the file");

        var body = new byte[length];
        _stream.ReadExactly(body);
        _offset = offset + ChunkHeaderSize + length;
        return new MosquittoChunk(type, offset, body);
    }

    /// <summary>The chunk that begins at an offset which <see cref="Read"/> gave.</summary>
    public MosquittoChunk ReadAt(long offset)
    {
        var next = _offset;
        _offset = offset;
        var chunk = Read()!;
        _offset = next;
        return chunk;
    }

    public void Dispose() => _stream.Dispose();

    public static ImportException Damaged(long offset, string problem) => new($"The file is damaged at byte {offset}: {problem}.");
}
