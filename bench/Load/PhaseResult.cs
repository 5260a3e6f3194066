using System.Text.Json;

namespace Avocet.Load;

/// <summary>What the load saw of a phase, and what the broker used meanwhile.</summary>
internal sealed record PhaseResult(JsonElement Seen, ProcessUse Begin, ProcessUse End)
{
    public double BrokerCpuSeconds => End.CpuSeconds - Begin.CpuSeconds;

    public double Count(string name) => Seen.GetProperty(name).GetDouble();

    /// <summary>Something counted for each second of the broker's CPU time; null when that was too short to tell.</summary>
    public double? PerCpuSecond(string name) => BrokerCpuSeconds < 0.05 ? null : Count(name) / BrokerCpuSeconds;

    public double Latency(string percentile) => Seen.GetProperty("latencyMicroseconds").GetProperty(percentile).GetDouble();
}
