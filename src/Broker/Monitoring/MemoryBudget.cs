using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Time;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Monitoring;

/// <summary>Looks how much memory is in use, every 250 ms and after each mebibyte that is published, and says what is to be refused as the limit nears.</summary>
internal sealed class MemoryBudget(Func<double> read, TimerWheel wheel, Clock clock, ILogger logger, EventLog events) : WheelTimer
{
    private const int IntervalMilliseconds = 250;
    private const int LookAfterBytes = 1024 * 1024;
    private const double TightShare = 0.85;
    private const double ScarceShare = 0.90;
    private const double FullShare = 0.95;

    private volatile MemoryLevel _level;
    private long _publishedBytes;
    private bool _isReported;

    public MemoryLevel Level => _level;

    /// <summary>Counts what is published; tells whether that is not taken.</summary>
    public bool MustRefuse(Qos qos, int bytes)
    {
        if (Interlocked.Add(ref _publishedBytes, bytes) >= LookAfterBytes)
        {
            Interlocked.Exchange(ref _publishedBytes, 0);
            Look();
        }

        return _level == MemoryLevel.Full || (_level == MemoryLevel.Scarce && qos == Qos.AtMostOnce);
    }

    public void Start() => OnExpired();

    public override void OnExpired()
    {
        // Before anything that may fail, for where there is no memory it must go on looking.
        wheel.Set(this, clock.Now + IntervalMilliseconds);
        var share = Look();
        var isShort = _level != MemoryLevel.Free;
        if (isShort && !_isReported)
        {
            Log.MemoryTight(logger, share * 100);
            events.Add(new BrokerEvent(BrokerEventKind.MemoryShort) { Detail = $"{share:P0} of the limit is in use: new connections are refused, and soon messages" });
        }

        if (!isShort && _isReported)
        {
            Log.MemoryFree(logger, share * 100);
            events.Add(new BrokerEvent(BrokerEventKind.MemoryFree) { Detail = $"{share:P0} of the limit is in use" });
        }

        _isReported = isShort;
    }

    private double Look()
    {
        var share = read();
        _level = share switch
        {
            >= FullShare => MemoryLevel.Full,
            >= ScarceShare => MemoryLevel.Scarce,
            >= TightShare => MemoryLevel.Tight,
            _ => MemoryLevel.Free,
        };
        return share;
    }
}
