namespace Avocet.Cli.Bench;

/// <summary>A part of a run that is measured by itself.</summary>
internal sealed class Phase(string name)
{
    public string Name { get; } = name;

    /// <summary>What was done, by the name of what is counted.</summary>
    public List<(string Name, long Count)> Counts { get; } = [];

    public double Seconds { get; set; }

    /// <summary>User and system time of this process, to tell whether it was the limit.</summary>
    public double OwnCpuSeconds { get; set; }

    public Latencies? Latencies { get; set; }
}
