using Avocet.Broker.Time;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Monitoring;

/// <summary>Compares the memory of the process with its limit, once a second: near the limit new connections are refused, at it publications too.</summary>
internal sealed class MemoryBudget(long bytesMax, Func<long> read, TimerWheel wheel, Clock clock, ILogger logger) : WheelTimer
{
    private const int IntervalMilliseconds = 1000;
    private const double TightShare = 0.85;
    private const double FullShare = 0.95;

    private volatile bool _isTight;
    private volatile bool _isFull;

    /// <summary>New connections are to be refused.</summary>
    public bool IsTight => _isTight;

    /// <summary>Nothing more is to be taken.</summary>
    public bool IsFull => _isFull;

    public void Start() => OnExpired();

    public override void OnExpired()
    {
        var used = read();
        var wasTight = _isTight;
        _isFull = used >= bytesMax * FullShare;
        _isTight = used >= bytesMax * TightShare;
        if (_isTight && !wasTight) Log.MemoryTight(logger, used, bytesMax);
        if (!_isTight && wasTight) Log.MemoryFree(logger, used, bytesMax);

        wheel.Set(this, clock.Now + IntervalMilliseconds);
    }
}
