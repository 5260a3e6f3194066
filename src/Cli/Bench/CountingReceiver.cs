using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Avocet.Cli.Bench;

/// <summary>Receives and counts messages of which others may get a part. Following their numbers is for those who get all.</summary>
internal sealed class CountingReceiver : BenchConnection
{
    /// <summary>Publishers whose numbers are followed; those beyond are only counted.</summary>
    private const int PublishersMax = 100_000;

    private readonly BenchRun _run;
    private readonly Dictionary<int, SequenceTracker>? _trackers;
    private readonly Outstanding[] _limits;
    private readonly Publisher[] _publishers;
    private readonly long[] _progress;
    private readonly int _place;
    private TaskCompletionSource? _arrived;
    private long _expected;
    private long _pending;
    private long _received;
    private long _lastReceiveAt;

    /// <param name="run">The run.</param>
    /// <param name="place">Which of the receivers this is.</param>
    /// <param name="publishers">Whose messages come here.</param>
    /// <param name="limits">The publishers' limits; empty when they have none.</param>
    /// <param name="isChecking">Whether to follow the numbers of each publisher, from the first that comes.</param>
    public CountingReceiver(BenchRun run, int place, Publisher[] publishers, Outstanding[] limits, bool isChecking)
        : base(run.Options.Settings, $"{run.Options.Settings.RunId}-sub-{place}", run.Failure, LargeBuffer)
    {
        (_run, _place, _publishers, _limits) = (run, place, publishers, limits);
        _trackers = isChecking ? [] : null;
        _progress = new long[limits.Length];
    }

    public long Received => Volatile.Read(ref _received);

    public long LastReceiveAt => Volatile.Read(ref _lastReceiveAt);

    /// <summary>Completes when this many more messages are here.</summary>
    public Task ExpectAsync(long messages)
    {
        var arrived = new TaskCompletionSource();
        lock (Gate) (_arrived, _expected) = (arrived, _received + messages);

        return arrived.Task;
    }

    /// <summary>Adds to the run what was missing between messages that came, came twice or out of order.</summary>
    public void CountFaults()
    {
        if (_trackers is null) return;

        foreach (var tracker in _trackers.Values)
        {
            _run.Lost += tracker.Lost;
            _run.Duplicated += tracker.Duplicated;
            _run.Reordered += tracker.Reordered;
        }
    }

    protected override void OnDelivery(in Delivery delivery)
    {
        _pending++;
        if (!MessageHead.TryRead(delivery.Payload, out var head)) return;

        // What was retained comes in no order of its own.
        if (_trackers is not null && !delivery.Retain) Observe(head);
        if (_limits.Length == 0) return;
        if ((uint)head.Publisher < (uint)_limits.Length) _progress[head.Publisher]++;
        if ((head.Sequence & 15) == 0) _run.Latency.Record(head.Timestamp, Stopwatch.GetTimestamp());
    }

    protected override void OnReceived()
    {
        if (_pending == 0) return;

        Volatile.Write(ref _received, _received + _pending);
        Volatile.Write(ref _lastReceiveAt, Stopwatch.GetTimestamp());
        _pending = 0;
        for (var index = 0; index < _limits.Length; index++)
        {
            if (_limits[index].Advance(_place, _progress[index])) _publishers[index].Flush();
        }

        TaskCompletionSource? arrived = null;
        lock (Gate)
        {
            if (_received >= _expected) (arrived, _arrived) = (_arrived, null);
        }

        arrived?.TrySetResult();
    }

    private void Observe(in MessageHead head)
    {
        if (_trackers!.Count == PublishersMax && !_trackers.ContainsKey(head.Publisher)) return;

        ref var tracker = ref CollectionsMarshal.GetValueRefOrAddDefault(_trackers, head.Publisher, out var isKnown);
        if (!isKnown) tracker.BeginAt(head.Sequence);

        tracker.Observe(head.Sequence);
    }
}
