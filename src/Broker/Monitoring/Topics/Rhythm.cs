namespace Avocet.Broker.Monitoring.Topics;

/// <summary>
/// How often something is heard of, and whether it has stopped. Several messages within a second count as one: a device that sends ten at once each minute has an interval
/// of a minute. Silent is who was heard of at least five times and then was quiet for three times the usual interval, and for ten seconds at least.
/// </summary>
internal struct Rhythm
{
    private const int TimesMin = 5;
    private const int IntervalsOfSilence = 3;
    private const long SilenceMillisecondsMin = 10_000;

    /// <summary>What a new interval counts: the latest five make most of the average.</summary>
    private const double Weight = 0.3;

    private long _times;

    /// <summary>When it was last heard of, in milliseconds of the clock; -1 for never.</summary>
    public long LastAt { get; private set; }

    /// <summary>A moving average of the time between two times, in milliseconds; 0 while it is not known.</summary>
    public double Interval { get; private set; }

    public bool IsSilent { get; private set; }

    /// <summary>When the silence is told, in milliseconds of the clock; null while too little is known.</summary>
    public readonly long? SilentFrom => _times < TimesMin ? null : LastAt + Math.Max(SilenceMillisecondsMin, (long)(IntervalsOfSilence * Interval));

    public static Rhythm Unheard => new() { LastAt = -1 };

    /// <summary>It was heard of. True when it was silent until then.</summary>
    public bool Hear(long at)
    {
        var gap = LastAt < 0 ? 0 : at - LastAt;
        LastAt = Math.Max(LastAt, at);
        _times++;
        var wasSilent = IsSilent;
        IsSilent = false;
        // A silence counts as the longest that is still usual: whoever comes more rarely from now on is soon known to, and a day without power does not pass for usual.
        if (gap > 0) Interval = Interval == 0 ? gap : Interval + ((Math.Min(gap, IntervalsOfSilence * Interval) - Interval) * Weight);

        return wasSilent;
    }

    /// <summary>Looks whether it has stopped. True when it just has.</summary>
    public bool Look(long now)
    {
        if (IsSilent || SilentFrom is not { } from || now < from) return false;

        return IsSilent = true;
    }
}
