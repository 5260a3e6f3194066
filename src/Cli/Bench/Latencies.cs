namespace Avocet.Cli.Bench;

/// <summary>A distribution, in microseconds.</summary>
internal sealed record Latencies(long Count, long Min, long P50, long P90, long P99, long P999, long P9999, long Max);
