using System.Diagnostics;
using System.Globalization;

namespace Avocet.Cli.Bench;

/// <summary>What the parts of a run share, and what it found.</summary>
internal sealed class BenchRun(BenchOptions options, TextWriter error, bool showsProgress)
{
    /// <summary>Connections that are opened at a time.</summary>
    private const int OpeningMax = 64;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private long _progressAt = Stopwatch.GetTimestamp();
    private long _progressCount;

    public BenchOptions Options { get; } = options;

    public Failure Failure { get; } = new();

    public LatencyRecorder Latency { get; } = new();

    public List<Phase> Phases { get; } = [];

    public long Lost { get; set; }

    public long Duplicated { get; set; }

    public long Reordered { get; set; }

    public bool IsComplete => Lost == 0 && Duplicated == 0 && Reordered == 0;

    /// <summary>Runs a phase, and marks for an onlooker where it begins and ends.</summary>
    public async Task MeasureAsync(string name, Func<Phase, Task> run)
    {
        var phase = new Phase(name);
        Latency.Take();
        Mark("begin", name);
        var cpu = Environment.CpuUsage.TotalTime;
        var begin = Stopwatch.GetTimestamp();
        await run(phase);
        if (phase.Seconds == 0) phase.Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;

        phase.OwnCpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        Mark("end", name);
        phase.Latencies = Latency.Take();
        Phases.Add(phase);
        ClearProgress();
    }

    /// <summary>Does something for each of many connections, a bounded number of them at a time.</summary>
    public async Task ForEachAsync<T>(IReadOnlyList<T> items, Func<T, Task> run)
    {
        var next = -1;
        var workers = new Task[Math.Min(OpeningMax, items.Count)];
        for (var index = 0; index < workers.Length; index++) workers[index] = WorkAsync();

        await Failure.WaitAsync(Task.WhenAll(workers));

        async Task WorkAsync()
        {
            for (var index = Interlocked.Increment(ref next); index < items.Count; index = Interlocked.Increment(ref next)) await run(items[index]);
        }
    }

    /// <summary>Shows how far it is, at most once a second.</summary>
    public void ShowProgress(string what, long count)
    {
        if (!showsProgress) return;

        var elapsed = Stopwatch.GetElapsedTime(_progressAt);
        if (elapsed < ProgressInterval) return;

        error.Write(string.Create(CultureInfo.InvariantCulture, $"\r\x1b[K{Options.Scenario}: {count:N0} {what}, {Math.Max(0, count - _progressCount) / elapsed.TotalSeconds:N0} a second"));
        error.Flush();
        (_progressAt, _progressCount) = (Stopwatch.GetTimestamp(), count);
    }

    private void ClearProgress()
    {
        if (showsProgress) error.Write("\r\x1b[K");
    }

    private void Mark(string what, string phase)
    {
        if (!Options.IsMarked) return;

        error.WriteLine($"MARK {what} {phase}");
        error.Flush();
    }
}
