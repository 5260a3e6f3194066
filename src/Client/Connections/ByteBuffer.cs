namespace Avocet.Client.Connections;

/// <summary>Bytes that gather until they are sent. It grows to what it has to hold, and gives memory back after a large message.</summary>
internal sealed class ByteBuffer
{
    private const int StartSize = 4 * 1024;
    private const int KeptSizeMax = 512 * 1024;

    private byte[] _bytes = [];

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Count);

    /// <summary>Room for so many bytes, which count as written.</summary>
    public Span<byte> Take(int size)
    {
        if (_bytes.Length - Count < size) Array.Resize(ref _bytes, Math.Max(Math.Max(StartSize, 2 * _bytes.Length), Count + size));
        var room = _bytes.AsSpan(Count, size);
        Count += size;
        return room;
    }

    public void Clear()
    {
        Count = 0;
        if (_bytes.Length > KeptSizeMax) _bytes = [];
    }
}
