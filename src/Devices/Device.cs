using Avocet.Client;

namespace Avocet.Devices;

/// <summary>A believable device.</summary>
internal abstract class Device(int number, int seed)
{
    public int Number { get; } = number;

    /// <summary>How often it reports.</summary>
    public abstract TimeSpan Interval { get; }

    public abstract string ClientId { get; }

    public virtual Will? Will => null;

    protected Random Random { get; } = new(seed);

    /// <summary>What it publishes when it comes: discovery, availability.</summary>
    public virtual IEnumerable<MqttMessage> Begin() => [];

    /// <summary>A report.</summary>
    public abstract IEnumerable<MqttMessage> Report(DateTimeOffset time);

    /// <summary>What it publishes when it goes.</summary>
    public virtual IEnumerable<MqttMessage> End() => [];

    /// <summary>A wave over the day, from -1 at the hour opposite to 1 at the given hour.</summary>
    protected static double DayCurve(DateTimeOffset time, double hourOfMost) => Math.Cos((time.TimeOfDay.TotalHours - hourOfMost) / 24 * 2 * Math.PI);

    /// <summary>About zero, mostly within one.</summary>
    protected double Noise() => (Random.NextDouble() + Random.NextDouble() + Random.NextDouble() - 1.5) * 0.8;
}
