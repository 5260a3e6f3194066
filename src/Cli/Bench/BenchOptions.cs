using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>What one run of <c>avocet bench</c> does.</summary>
internal sealed record BenchOptions
{
    public required string Scenario { get; init; }

    public required ClientSettings Settings { get; init; }

    public Qos Qos { get; init; }

    public int PayloadBytes { get; init; } = 64;

    /// <summary>Over all publishers; null leaves the end to <see cref="Seconds"/>.</summary>
    public long? Messages { get; init; }

    public double? Seconds { get; init; }

    public double WarmupSeconds { get; init; }

    public int Publishers { get; init; } = 1;

    public int Subscribers { get; init; } = 1;

    /// <summary>Connections of the scenarios that have no publishers and subscribers of their own.</summary>
    public int Clients { get; init; } = 1;

    /// <summary>Filters, or retained messages.</summary>
    public int Count { get; init; }

    /// <summary>QoS 1 and 2 messages of a publisher that may wait for their acknowledgement.</summary>
    public int Window { get; init; } = 100;

    /// <summary>Messages of all publishers that may be on their way; null chooses.</summary>
    public int? Outstanding { get; init; }

    /// <summary>Messages a second of all publishers; 0 is as fast as it goes.</summary>
    public double Rate { get; init; }

    /// <summary>So long nothing may arrive before what is missing counts as lost.</summary>
    public TimeSpan Stall { get; init; }

    public uint SessionExpirySeconds { get; init; }

    public string? Topic { get; init; }

    /// <summary>Whether what the run made the broker keep stays there.</summary>
    public bool IsKept { get; init; }

    /// <summary>Whether subscribers that know nothing of the publishers follow their numbers.</summary>
    public bool IsChecking { get; init; }

    public bool IsJson { get; init; }

    public bool IsMarked { get; init; }
}
