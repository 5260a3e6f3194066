namespace Avocet.Broker.Time;

/// <summary>Monotonic time since the broker was made. It does not jump when somebody sets the wall clock.</summary>
internal sealed class Clock(TimeProvider timeProvider)
{
    /// <summary>The time of what never happens.</summary>
    public const long Never = long.MaxValue;

    private readonly long _start = timeProvider.GetTimestamp();

    /// <summary>Milliseconds.</summary>
    public long Now => (long)timeProvider.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>A time of this clock as milliseconds since 1970 UTC, by what the wall clock says now; null for never.</summary>
    public long? ToUnix(long time) => time == Never ? null : Math.Max(0, timeProvider.GetUtcNow().ToUnixTimeMilliseconds() + (time - Now));

    /// <summary>The opposite of <see cref="ToUnix"/>. What has passed becomes a time before now.</summary>
    public long FromUnix(long? time) => time is { } known ? Now + (known - timeProvider.GetUtcNow().ToUnixTimeMilliseconds()) : Never;

    /// <summary>The whole seconds until <paramref name="deadline"/>, a begun one counted; 0 when it has passed.</summary>
    public static uint SecondsUntil(long deadline, long now) => deadline <= now ? 0 : (uint)Math.Min(uint.MaxValue, (deadline - now + 999) / 1000);
}
