using System.Diagnostics;

namespace Avocet.Cli.Bench;

/// <summary>Receives and counts, and follows the numbers of each publisher that it gets everything of.</summary>
internal sealed class Receiver : BenchConnection
{
    /// <summary>Of messages sent as fast as they go, one in so many is timed.</summary>
    private const long TimedEvery = 16;

    private readonly BenchRun _run;
    private readonly Source[] _sources;
    private readonly int[] _touched;
    private readonly long _timedMask;
    private int _touchedCount;
    private long _received;
    private long _lastReceiveAt;
    private long _now;

    /// <param name="run">The run.</param>
    /// <param name="index">Which of the receivers this is.</param>
    /// <param name="firstPublisher">The first of the publishers whose messages come here.</param>
    /// <param name="publishers">How many they are.</param>
    /// <param name="isLoaded">Whether it gets much.</param>
    public Receiver(BenchRun run, int index, int firstPublisher, int publishers, bool isLoaded = true)
        : base(run.Options.Settings, $"{run.Options.Settings.RunId}-sub-{index}", run.Failure, isLoaded ? LargeBuffer : SmallBuffer)
    {
        _run = run;
        FirstPublisher = firstPublisher;
        _sources = new Source[publishers];
        _touched = new int[publishers];
        _timedMask = run.Options.Rate > 0 ? 0 : TimedEvery - 1;
    }

    public int FirstPublisher { get; }

    public long Received => Volatile.Read(ref _received);

    /// <summary>When something came last.</summary>
    public long LastReceiveAt => Volatile.Read(ref _lastReceiveAt);

    public ReadOnlySpan<Source> Sources => _sources;

    /// <summary>Tells the publisher's limit how far this receiver is.</summary>
    /// <param name="publisher">The publisher.</param>
    /// <param name="outstanding">Its limit.</param>
    /// <param name="place">Which of the receivers this is, to the limit.</param>
    public void Follow(Publisher publisher, Outstanding outstanding, int place)
    {
        ref var source = ref _sources[publisher.Number - FirstPublisher];
        (source.Publisher, source.Outstanding, source.Place) = (publisher, outstanding, place);
    }

    /// <summary>Adds to the run what is missing, came twice or out of order; what was sent last and never came is missing too.</summary>
    public void CountFaults(Publisher[] publishers)
    {
        for (var index = 0; index < _sources.Length; index++)
        {
            ref var tracker = ref _sources[index].Tracker;
            _run.Lost += tracker.Lost + Math.Max(0, publishers[FirstPublisher + index].Sent - tracker.Next);
            _run.Duplicated += tracker.Duplicated;
            _run.Reordered += tracker.Reordered;
        }
    }

    protected override void OnDelivery(in Delivery delivery)
    {
        if (!MessageHead.TryRead(delivery.Payload, out var head)) return;

        var index = head.Publisher - FirstPublisher;
        if ((uint)index >= (uint)_sources.Length) return;

        ref var source = ref _sources[index];
        if (!source.IsTouched)
        {
            source.IsTouched = true;
            _touched[_touchedCount++] = index;
            if (_now == 0) _now = Stopwatch.GetTimestamp();
        }

        source.Tracker.Observe(head.Sequence);
        if ((head.Sequence & _timedMask) == 0) _run.Latency.Record(head.Timestamp, _now);
    }

    protected override void OnReceived()
    {
        if (_touchedCount == 0) return;

        var received = 0L;
        for (var position = 0; position < _touchedCount; position++)
        {
            ref var source = ref _sources[_touched[position]];
            source.IsTouched = false;
            received += source.Tracker.Received - source.Counted;
            source.Counted = source.Tracker.Received;
            if (source.Outstanding is not null && source.Outstanding.Advance(source.Place, source.Tracker.Next)) source.Publisher!.Flush();
        }

        Volatile.Write(ref _received, _received + received);
        Volatile.Write(ref _lastReceiveAt, _now);
        (_touchedCount, _now) = (0, 0);
    }

    /// <summary>A publisher, as this receiver sees it.</summary>
    internal struct Source
    {
        public SequenceTracker Tracker;
        public Publisher? Publisher;
        public Outstanding? Outstanding;
        public int Place;
        public long Counted;
        public bool IsTouched;
    }
}
