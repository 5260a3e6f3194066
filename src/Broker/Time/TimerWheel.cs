using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Time;

/// <summary>
/// One timer for all deadlines of the broker: keep alive, connect time-outs, session expiry, will delays. Deadlines lie in a ring of slots, one
/// for each tick; one further away than the ring is long stays in its slot for more rounds. Setting and stopping cost O(1).
/// </summary>
internal sealed class TimerWheel : IAsyncDisposable
{
    /// <summary>The resolution; nothing happens early, and at most this much late.</summary>
    public const int TickMilliseconds = 250;

    private const int SlotCount = 1024;

    private readonly Lock _gate = new();
    private readonly Clock _clock;
    private readonly ILogger _logger;
    private readonly WheelTimer?[] _slots = new WheelTimer?[SlotCount];
    private readonly ITimer _timer;
    private long _tick;
    private bool _isStopped;

    public TimerWheel(TimeProvider timeProvider, Clock clock, ILogger logger)
    {
        _clock = clock;
        _logger = logger;
        _tick = clock.Now / TickMilliseconds;
        var period = TimeSpan.FromMilliseconds(TickMilliseconds);
        _timer = timeProvider.CreateTimer(static wheel => ((TimerWheel)wheel!).Turn(), this, period, period);
    }

    /// <summary>Sets a timer, or moves it, to a time in milliseconds of the <see cref="Clock"/>.</summary>
    public void Set(WheelTimer timer, long deadline)
    {
        lock (_gate)
        {
            Unlink(timer);
            if (_isStopped) return;

            // Rounded up: never early.
            timer.DeadlineTick = Math.Max(_tick + 1, (deadline + TickMilliseconds - 1) / TickMilliseconds);
            Link(timer);
        }
    }

    /// <summary>Stops a timer; one that is just expiring may still be called.</summary>
    public void Stop(WheelTimer timer)
    {
        lock (_gate) Unlink(timer);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate) _isStopped = true;
        return _timer.DisposeAsync();
    }

    private void Turn()
    {
        List<WheelTimer>? expired = null;
        lock (_gate)
        {
            var now = _clock.Now / TickMilliseconds;
            if (_isStopped || now <= _tick) return;

            // After a long pause each slot is looked at once.
            var first = Math.Max(_tick + 1, now - SlotCount + 1);
            _tick = now;
            for (var tick = first; tick <= now; tick++) TakeExpired((int)(tick % SlotCount), now, ref expired);
        }

        if (expired is null) return;

        expired.Sort(static (a, b) => a.DeadlineTick.CompareTo(b.DeadlineTick));
        foreach (var timer in expired) Expire(timer);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The last resort: an exception out of a timer would end the process, and one deadline's fault must not reach the others.")]
    private void Expire(WheelTimer timer)
    {
        try
        {
            timer.OnExpired();
        }
        catch (Exception exception)
        {
            Log.TimerFailed(_logger, exception);
        }
    }

    private void TakeExpired(int slot, long now, ref List<WheelTimer>? expired)
    {
        for (var timer = _slots[slot]; timer is not null;)
        {
            var next = timer.Next;
            if (timer.DeadlineTick <= now)
            {
                Unlink(timer);
                (expired ??= []).Add(timer);
            }

            timer = next;
        }
    }

    private void Link(WheelTimer timer)
    {
        timer.Slot = (int)(timer.DeadlineTick % SlotCount);
        timer.Next = _slots[timer.Slot];
        if (timer.Next is not null) timer.Next.Previous = timer;

        _slots[timer.Slot] = timer;
    }

    private void Unlink(WheelTimer timer)
    {
        if (timer.Slot < 0) return;

        if (timer.Previous is null) _slots[timer.Slot] = timer.Next;
        else timer.Previous.Next = timer.Next;

        if (timer.Next is not null) timer.Next.Previous = timer.Previous;

        timer.Next = timer.Previous = null;
        timer.Slot = -1;
    }
}
