namespace Avocet.Cli.Bench;

/// <summary>The packet identifiers that one client has in use.</summary>
internal sealed class PacketIds
{
    private readonly ulong[] _used = new ulong[1024];
    private ushort _last;

    public int Count { get; private set; }

    /// <summary>Takes the next identifier; false while that one is still in use.</summary>
    public bool TryTake(out ushort packetId)
    {
        packetId = _last == ushort.MaxValue ? (ushort)1 : (ushort)(_last + 1);
        ref var word = ref _used[packetId >> 6];
        var bit = 1UL << (packetId & 63);
        if ((word & bit) != 0) return false;

        word |= bit;
        _last = packetId;
        Count++;
        return true;
    }

    public bool IsUsed(ushort packetId) => (_used[packetId >> 6] & (1UL << (packetId & 63))) != 0;

    /// <summary>Frees an identifier; false when it was not in use.</summary>
    public bool Free(ushort packetId)
    {
        ref var word = ref _used[packetId >> 6];
        var bit = 1UL << (packetId & 63);
        if ((word & bit) == 0) return false;

        word &= ~bit;
        Count--;
        return true;
    }
}
