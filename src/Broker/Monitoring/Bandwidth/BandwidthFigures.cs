namespace Avocet.Broker.Monitoring.Bandwidth;

/// <summary>What went in from clients, and out to them.</summary>
/// <param name="BytesIn">Bytes from clients.</param>
/// <param name="BytesOut">Bytes to clients.</param>
/// <param name="MessagesIn">PUBLISH packets from clients.</param>
/// <param name="MessagesOut">PUBLISH packets to clients.</param>
public readonly record struct BandwidthFigures(long BytesIn, long BytesOut, long MessagesIn, long MessagesOut)
{
    public long Bytes => BytesIn + BytesOut;

    public static BandwidthFigures operator +(BandwidthFigures one, BandwidthFigures other) =>
        new(one.BytesIn + other.BytesIn, one.BytesOut + other.BytesOut, one.MessagesIn + other.MessagesIn, one.MessagesOut + other.MessagesOut);

    /// <summary>Counters that were read at different moments may seem to go back a little.</summary>
    public static BandwidthFigures operator -(BandwidthFigures one, BandwidthFigures other) => new(
        Math.Max(0, one.BytesIn - other.BytesIn), Math.Max(0, one.BytesOut - other.BytesOut), Math.Max(0, one.MessagesIn - other.MessagesIn), Math.Max(0, one.MessagesOut - other.MessagesOut));
}

/// <summary>By what bandwidth is told.</summary>
public enum BandwidthKind
{
    Total,
    Client,

    /// <summary>By the first level of topics.</summary>
    Topic,
}

/// <summary>How long a time it is told for, by UTC.</summary>
public enum BandwidthPeriod
{
    Today,
    Month,
}

/// <summary>Bandwidth of one client, or one first level of topics.</summary>
/// <param name="Name">The client identifier or the level; null for all others together.</param>
/// <param name="Figures">The figures.</param>
public readonly record struct BandwidthShare(string? Name, BandwidthFigures Figures);
