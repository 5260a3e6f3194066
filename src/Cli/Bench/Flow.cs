using System.Diagnostics;
using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>Publishers and what they have sent: runs them for a time or a number of messages, until everything has arrived.</summary>
/// <param name="run">The run.</param>
/// <param name="publishers">Who publishes.</param>
/// <param name="delivered">How many messages have arrived.</param>
/// <param name="copies">How often each message is to arrive.</param>
internal sealed class Flow(BenchRun run, Publisher[] publishers, Func<long> delivered, int copies)
{
    /// <summary>How often to look whether it is done; when something arrived last is known exactly.</summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    public long Sent => publishers.Sum(publisher => publisher.Sent);

    /// <summary>Runs, and notes in the phase what was done.</summary>
    /// <param name="phase">Where to note it.</param>
    /// <param name="messages">How many; null for as many as the time allows.</param>
    /// <param name="seconds">How long; null for as long as it takes.</param>
    /// <param name="lastArrivalAt">When the last message arrived, where somebody knows.</param>
    public async Task RunAsync(Phase phase, long? messages, double? seconds, Func<long>? lastArrivalAt = null)
    {
        var (sentBefore, deliveredBefore) = (Sent, delivered());
        var begin = Stopwatch.GetTimestamp();
        var pacer = Start(messages ?? long.MaxValue, begin);
        try
        {
            await PublishAsync(pacer, begin, seconds);
        }
        finally
        {
            pacer?.Stop();
        }

        foreach (var publisher in publishers) publisher.Stop();

        await DrainAsync(deliveredBefore + ((Sent - sentBefore) * copies));

        // QoS 0 without a receiver: only an answer to something later tells that the broker has got it.
        if (copies == 0 && run.Options.Qos == Qos.AtMostOnce) await run.ForEachAsync(publishers, publisher => publisher.PingAsync());

        var end = lastArrivalAt?.Invoke() ?? 0;
        phase.Seconds = Stopwatch.GetElapsedTime(begin, end > begin ? end : Stopwatch.GetTimestamp()).TotalSeconds;
        phase.Counts.Add(("published", Sent - sentBefore));
        if (copies > 0) phase.Counts.Add(("delivered", delivered() - deliveredBefore));

        var refused = publishers.Sum(publisher => publisher.Refused);
        if (refused > 0) phase.Counts.Add(("refused", refused));
    }

    /// <summary>Waits until so much has arrived, or nothing does any more; returns what has.</summary>
    public static async Task<long> WaitAsync(BenchRun run, Func<long> arrived, long expected)
    {
        var (last, lastAt) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            run.Failure.ThrowIfHappened();
            var now = arrived();
            run.ShowProgress("received", now);
            if (now != last) (last, lastAt) = (now, Stopwatch.GetTimestamp());
            if (now >= expected || Stopwatch.GetElapsedTime(lastAt) > run.Options.Stall) return now;

            await Task.Delay(LookInterval);
        }
    }

    private Pacer? Start(long messages, long begin)
    {
        if (run.Options.Rate > 0)
        {
            var first = Array.ConvertAll(publishers, publisher => publisher.Sent);
            return new Pacer(publishers, new Schedule(run.Options.Rate, begin, first), messages);
        }

        for (var index = 0; index < publishers.Length; index++)
        {
            var share = messages == long.MaxValue ? messages : (messages / publishers.Length) + (index < messages % publishers.Length ? 1 : 0);
            publishers[index].Start(share);
        }

        return null;
    }

    private async Task PublishAsync(Pacer? pacer, long begin, double? seconds)
    {
        var (last, lastAt) = (-1L, begin);
        while (true)
        {
            await Task.Delay(LookInterval);
            run.Failure.ThrowIfHappened();
            if (seconds is not null && Stopwatch.GetElapsedTime(begin).TotalSeconds >= seconds) return;
            if (pacer is { IsDone: true } || (pacer is null && Array.TrueForAll(publishers, publisher => publisher.IsIdle))) return;

            var sent = Sent;
            run.ShowProgress("published", sent);
            if (sent != last) (last, lastAt) = (sent, Stopwatch.GetTimestamp());
            else if (pacer is null && Stopwatch.GetElapsedTime(lastAt) > run.Options.Stall) return;
        }
    }

    private async Task DrainAsync(long expected)
    {
        var (last, lastAt) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            run.Failure.ThrowIfHappened();
            var isIdle = Array.TrueForAll(publishers, publisher => publisher.IsIdle);
            var arrived = delivered();
            if (isIdle && (copies == 0 || arrived >= expected)) return;

            run.ShowProgress("delivered", arrived);
            if (arrived != last)
            {
                (last, lastAt) = (arrived, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(lastAt) > run.Options.Stall)
            {
                if (isIdle) return;

                throw new BenchException($"The broker has not acknowledged everything within {run.Options.Stall.TotalSeconds:0.##} s. Its log may say why.");
            }

            await Task.Delay(LookInterval);
        }
    }
}
