using System.Diagnostics;

namespace Avocet.Cli.Bench;

/// <summary>When each message is to be sent: at a steady rate, the publishers in turn.</summary>
/// <param name="rate">Messages a second.</param>
/// <param name="begin">The time of the first, as <see cref="Stopwatch"/> tells it.</param>
/// <param name="firstSequences">The number of each publisher's first message.</param>
internal sealed class Schedule(double rate, long begin, long[] firstSequences)
{
    /// <summary>The intended time. Latency counts from it, so that a broker that stalls is charged with what could not be sent meanwhile.</summary>
    public long TimeOf(int publisher, long sequence) => TimeOf(((sequence - firstSequences[publisher]) * firstSequences.Length) + publisher);

    public long TimeOf(long message) => begin + (long)(message * (Stopwatch.Frequency / rate));

    /// <summary>How many messages are due by then.</summary>
    public long DueAt(long time) => time < begin ? 0 : (long)((time - begin) * rate / Stopwatch.Frequency) + 1;

    /// <summary>The number that a publisher may send up to, once so many messages are due.</summary>
    public long LimitOf(int publisher, long due) => firstSequences[publisher] + ((due - publisher + firstSequences.Length - 1) / firstSequences.Length);
}
