using Avocet.Broker.Time;

namespace Avocet.Broker.Retained;

/// <summary>Removes retained messages that expired and that nobody asks for, a part of the store at a time.</summary>
internal sealed class RetainedSweeper(BrokerContext context) : WheelTimer
{
    private const int IntervalMilliseconds = 10_000;

    private const int StepsPerTurn = 4096;

    public void Start() => context.Wheel.Set(this, context.Clock.Now + IntervalMilliseconds);

    public override void OnExpired()
    {
        context.Retained.Sweep(StepsPerTurn);
        Start();
    }
}
