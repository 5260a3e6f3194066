namespace Avocet.Broker.Sessions;

/// <summary>Sequence numbers in the middle of a stored queue that have no message: it was given up, or the numbers were not used.</summary>
/// <param name="Length">How many.</param>
/// <param name="End">The sequence number behind them.</param>
/// <param name="Bytes">What their messages had.</param>
internal readonly record struct QueueGap(long Length, long End, long Bytes);
