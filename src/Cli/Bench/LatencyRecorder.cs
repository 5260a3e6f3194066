using System.Diagnostics;
using HdrHistogram;

namespace Avocet.Cli.Bench;

/// <summary>Gathers latencies; for any thread.</summary>
internal sealed class LatencyRecorder
{
    /// <summary>Longer ones count as this: an hour.</summary>
    private const long MicrosecondsMax = 3_600_000_000;

    private readonly Lock _gate = new();
    private readonly LongHistogram _histogram = new(MicrosecondsMax, 3);

    /// <summary>Records the time between two readings of <see cref="Stopwatch"/>.</summary>
    public void Record(long from, long to)
    {
        var microseconds = Math.Clamp((to - from) / (Stopwatch.Frequency / 1_000_000), 0, MicrosecondsMax);
        lock (_gate) _histogram.RecordValue(microseconds);
    }

    /// <summary>What came since the last call; null when nothing did.</summary>
    public Latencies? Take()
    {
        lock (_gate)
        {
            if (_histogram.TotalCount == 0) return null;

            var taken = new Latencies(
                _histogram.TotalCount,
                _histogram.LowestEquivalentValue(_histogram.GetValueAtPercentile(0)),
                _histogram.GetValueAtPercentile(50),
                _histogram.GetValueAtPercentile(90),
                _histogram.GetValueAtPercentile(99),
                _histogram.GetValueAtPercentile(99.9),
                _histogram.GetValueAtPercentile(99.99),
                _histogram.GetMaxValue());
            _histogram.Reset();
            return taken;
        }
    }
}
