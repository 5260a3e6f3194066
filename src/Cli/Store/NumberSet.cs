namespace Avocet.Cli.Store;

/// <summary>A set of numbers that mostly lie close together, with a bit for each: ten million of them take a few megabytes.</summary>
internal sealed class NumberSet
{
    private const int BlockShift = 10;
    private const int BlockWords = (1 << BlockShift) / 64;

    private readonly Dictionary<long, ulong[]> _blocks = [];

    public long Count { get; private set; }

    /// <summary>False when the number was in it already.</summary>
    public bool Add(long number)
    {
        if (!_blocks.TryGetValue(number >> BlockShift, out var words)) _blocks.Add(number >> BlockShift, words = new ulong[BlockWords]);

        ref var word = ref words[WordOf(number)];
        var bit = 1UL << (int)(number & 63);
        if ((word & bit) != 0) return false;

        word |= bit;
        Count++;
        return true;
    }

    public bool Contains(long number) =>
        _blocks.TryGetValue(number >> BlockShift, out var words) && (words[WordOf(number)] & (1UL << (int)(number & 63))) != 0;

    private static int WordOf(long number) => (int)(number >> 6) & (BlockWords - 1);
}
