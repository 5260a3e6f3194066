namespace Avocet.Testing;

/// <summary>What goes wrong in one direction of a connection. Packets are those of MQTT, counted from 1: the first to the broker is CONNECT.</summary>
public sealed record DirectionFaults
{
    /// <summary>The connection ends after this many packets went through; null for never.</summary>
    public int? CutAfterPackets { get; init; }

    /// <summary>
    /// Nothing gets through any more after this many packets, while the connection looks alive: as when a network changes or a cable is pulled. Null for never.
    /// </summary>
    public int? DropAfterPackets { get; init; }

    /// <summary>How long each packet is on its way, by the clock of the test.</summary>
    public TimeSpan Delay { get; init; }
}
