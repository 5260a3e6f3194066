namespace Avocet.Broker.Monitoring;

/// <summary>An exponential moving average of how much a counter grows per minute, as Mosquitto publishes it under <c>load</c>.</summary>
/// <param name="minutes">The length of the average.</param>
internal sealed class LoadAverage(int minutes)
{
    /// <summary>The average per minute.</summary>
    public double Value { get; private set; }

    /// <summary>Takes the growth over the last interval.</summary>
    public void Add(long growth, double intervalSeconds)
    {
        var keep = Math.Exp(-intervalSeconds / (60.0 * minutes));
        Value = (keep * Value) + ((1 - keep) * growth * 60.0 / intervalSeconds);
    }
}
