namespace Avocet.Broker.Storage;

/// <summary>
/// How many deliveries still need each message of <see cref="StoreTable.Messages"/>, by message number: 4 bytes a message, in pages that come and go
/// with the messages. One thread at a time.
/// </summary>
internal sealed class SharedMessages
{
    private const int PageSize = 4096;

    private readonly Dictionary<long, Page> _pages = [];

    /// <summary>Messages that are needed.</summary>
    public long Count { get; private set; }

    public int Get(long number) => _pages.TryGetValue(number / PageSize, out var page) ? page.Counts[(int)(number % PageSize)] : 0;

    public void Add(long number, int count)
    {
        if (!_pages.TryGetValue(number / PageSize, out var page)) _pages[number / PageSize] = page = new Page();

        ref var current = ref page.Counts[(int)(number % PageSize)];
        if (current == 0)
        {
            page.Used++;
            Count++;
        }

        current += count;
    }

    /// <summary>All messages with their counts.</summary>
    public IEnumerator<(long Number, int Count)> GetEnumerator()
    {
        foreach (var (page, content) in _pages)
        {
            for (var i = 0; i < PageSize; i++)
            {
                if (content.Counts[i] > 0) yield return ((page * PageSize) + i, content.Counts[i]);
            }
        }
    }

    /// <summary>Takes one away; true when that was the last and the message is not needed any more.</summary>
    public bool Remove(long number)
    {
        if (!_pages.TryGetValue(number / PageSize, out var page)) return false;

        ref var current = ref page.Counts[(int)(number % PageSize)];
        if (current == 0 || --current > 0) return false;

        Count--;
        if (--page.Used == 0) _pages.Remove(number / PageSize);
        return true;
    }

    private sealed class Page
    {
        public readonly int[] Counts = new int[PageSize];
        public int Used;
    }
}
