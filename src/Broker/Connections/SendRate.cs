using Avocet.Broker.Time;

namespace Avocet.Broker.Connections;

/// <summary>
/// How fast one client may send: a token bucket for messages and one for bytes, each holding a second's worth. A bucket is the time at which it would be full
/// again, so that nothing has to fill it. It belongs to the read loop.
/// </summary>
internal sealed class SendRate(BrokerOptions options, Clock clock)
{
    private const int BurstMilliseconds = 1000;

    private double _messagesFullAt;
    private double _bytesFullAt;

    public static bool IsLimited(BrokerOptions options) => options.PublishRateMax > 0 || options.ReceiveBytesRateMax > 0;

    /// <summary>Takes what was received; returns the milliseconds until as much would have been allowed, 0 if it is.</summary>
    public long Take(long messages, long bytes)
    {
        var now = clock.Now;
        var messagesLate = Take(ref _messagesFullAt, messages, options.PublishRateMax, now);
        var bytesLate = Take(ref _bytesFullAt, bytes, options.ReceiveBytesRateMax, now);
        return (long)Math.Ceiling(Math.Max(messagesLate, bytesLate));
    }

    private static double Take(ref double fullAt, long count, int perSecond, long now)
    {
        if (perSecond == 0) return 0;

        fullAt = Math.Max(fullAt, now) + (count * 1000.0 / perSecond);
        return Math.Max(0, fullAt - now - BurstMilliseconds);
    }
}
