using System.Diagnostics;
using System.Globalization;

namespace Avocet.Server;

/// <summary>
/// How much of the memory this process may use it uses: of the limit that is configured, and of what the garbage collector may take, where a container or the
/// environment limits that. An allocation beyond the latter fails wherever it happens.
/// </summary>
internal sealed class ProcessMemory(long bytesMax) : IDisposable
{
    private const double CollectShare = 0.8;

    /// <summary>How much of what the heap may take can be objects: the rest is gaps between them, and what the collector needs to move them.</summary>
    private const double ObjectShare = 0.8;

    /// <summary>How much of what the process may take counts as all of it: the collector takes some more for a moment, to move objects.</summary>
    private const double ProcessShare = 0.95;

    /// <summary>From here on garbage is not to count: what is refused next would be refused for nothing.</summary>
    private const double UrgentShare = 0.85;

    /// <summary>A collection that leaves less than this in use was worth its time.</summary>
    private const double WorthwhileShare = 0.7;

    private static readonly TimeSpan CheckEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(2);

    private readonly long _heapBytesMax = FindHeapLimit();
    private readonly Lock _collecting = new();
    private long _nextCollect;
    private long _nextUrgentCollect;
    private Timer? _timer;

    /// <summary>Whether there is a limit.</summary>
    public bool IsLimited => bytesMax > 0 || _heapBytesMax > 0;

    /// <summary>1 for all of it, garbage not counted as the limit nears.</summary>
    public double Read()
    {
        var share = ReadNow();
        if (share < UrgentShare) return share;

        // Whoever comes while another thread collects waits for it: else he would refuse for the sake of what is being collected.
        lock (_collecting)
        {
            share = ReadNow();
            return share < UrgentShare || Stopwatch.GetTimestamp() < _nextUrgentCollect ? share : Collect();
        }
    }

    private double ReadNow()
    {
        var ofProcess = bytesMax > 0 ? Environment.WorkingSet / (bytesMax * ProcessShare) : 0;
        var ofHeap = _heapBytesMax > 0 ? (double)GC.GetTotalMemory(forceFullCollection: false) / (_heapBytesMax * ObjectShare) : 0;
        return Math.Max(ofProcess, ofHeap);
    }

    /// <summary>Begins to collect garbage when the limit nears: the collector looks at the whole machine, and need not have begun.</summary>
    public void Start() => _timer = new Timer(_ => CollectEarly(), null, CheckEvery, CheckEvery);

    public void Dispose() => _timer?.Dispose();

    private void CollectEarly()
    {
        lock (_collecting)
        {
            if (Stopwatch.GetTimestamp() >= _nextCollect && ReadNow() >= CollectShare) Collect();
        }
    }

    private double Collect()
    {
        var start = Stopwatch.GetTimestamp();
        // Aggressive gives memory back to the system, which only the limit of the process asks for.
        GC.Collect(2, bytesMax > 0 ? GCCollectionMode.Aggressive : GCCollectionMode.Forced, blocking: true, compacting: true);
        var (share, taken, now) = (ReadNow(), Stopwatch.GetElapsedTime(start), Stopwatch.GetTimestamp());
        // All threads stand still meanwhile: a tenth of the time at most, however large the heap, and a quarter before anything is refused. What gave
        // much back may be done again as soon as that is used up, for it is paid for by what was allocated since.
        var pause = taken * 9 > CollectEvery ? taken * 9 : CollectEvery;
        _nextCollect = now + (long)(pause.TotalSeconds * Stopwatch.Frequency);
        _nextUrgentCollect = share < WorthwhileShare ? now : now + (long)(taken.TotalSeconds * 3 * Stopwatch.Frequency);
        return share;
    }

    /// <summary>0 where the heap may take the machine's whole memory.</summary>
    private static long FindHeapLimit()
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var machine = FindMachineBytes();
        return available > 0 && machine > 0 && available < machine * 0.95 ? available : 0;
    }

    /// <summary>0 where the system does not say.</summary>
    private static long FindMachineBytes()
    {
        const string Path = "/proc/meminfo";
        const string Name = "MemTotal:";
        if (!File.Exists(Path)) return 0;

        var line = File.ReadLines(Path).FirstOrDefault(text => text.StartsWith(Name, StringComparison.Ordinal));
        var number = line?[Name.Length..].Replace("kB", "", StringComparison.Ordinal);
        return long.TryParse(number, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes * 1024 : 0;
    }
}
