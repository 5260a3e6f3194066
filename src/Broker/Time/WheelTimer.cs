namespace Avocet.Broker.Time;

/// <summary>Something that is to happen at a time; a place in a <see cref="TimerWheel"/>.</summary>
internal abstract class WheelTimer
{
    internal WheelTimer? Next;
    internal WheelTimer? Previous;
    internal long DeadlineTick;
    internal int Slot = -1;

    /// <summary>Called once the time has come, outside all locks of the wheel. It must be short and must not block.</summary>
    public abstract void OnExpired();
}
