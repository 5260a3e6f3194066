namespace Avocet.Broker.Rates;

/// <summary>
/// What one client, user, address or listener may send: a token bucket for messages and one for bytes, each holding a second's worth. A bucket is kept as the
/// time at which it would be full again, so that nothing has to fill it.
/// </summary>
internal sealed class SendBudget(int publishRateMax, int bytesRateMax)
{
    private const int BurstMilliseconds = 1000;

    private readonly Lock _gate = new();
    private double _messagesFullAt;
    private double _bytesFullAt;

    /// <summary>Connections that have it at present. Guarded by the gate of the table it lies in.</summary>
    public int Users { get; set; }

    /// <summary>Takes what was received; returns the milliseconds until as much would have been allowed, 0 if it is.</summary>
    public double Take(long messages, long bytes, long now)
    {
        lock (_gate) return Math.Max(Take(ref _messagesFullAt, messages, publishRateMax, now), Take(ref _bytesFullAt, bytes, bytesRateMax, now));
    }

    /// <summary>Whether it is as good as new.</summary>
    public bool IsFull(long now)
    {
        lock (_gate) return _messagesFullAt <= now && _bytesFullAt <= now;
    }

    private static double Take(ref double fullAt, long count, int perSecond, long now)
    {
        // Who sends nothing of what others have sent too much of does not wait for it.
        if (perSecond == 0 || count == 0) return 0;

        fullAt = Math.Max(fullAt, now) + (count * 1000.0 / perSecond);
        return Math.Max(0, fullAt - now - BurstMilliseconds);
    }
}
