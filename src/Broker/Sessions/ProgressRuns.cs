using Avocet.Broker.Storage.Records;

namespace Avocet.Broker.Sessions;

/// <summary>Says how far the deliveries of a session have come, in the form in which the store keeps it.</summary>
internal static class ProgressRuns
{
    /// <param name="inflight">What was sent and is not done.</param>
    /// <param name="queuedFrom">The sequence number of what was not sent; everything below it that is not in flight is done.</param>
    public static ProgressRecord Of(InflightWindow inflight, long queuedFrom)
    {
        var head = inflight.Span > 0 ? inflight.At(0).Sequence : queuedFrom;
        List<ProgressException>? runs = null;
        var next = head;
        for (var place = 0; place < inflight.Span; place++)
        {
            ref var item = ref inflight.At(place);
            if (item.Sequence > next) Add(ref runs, next, ProgressState.Done, item.Sequence - next);
            if (item.State != InflightState.Publish) Add(ref runs, item.Sequence, item.State == InflightState.Done ? ProgressState.Done : ProgressState.Pubrel, 1);

            next = item.Sequence + 1;
        }

        if (queuedFrom > next && next > head) Add(ref runs, next, ProgressState.Done, queuedFrom - next);
        return new ProgressRecord(head, runs ?? (IReadOnlyList<ProgressException>)[]);
    }

    private static void Add(ref List<ProgressException>? runs, long sequence, ProgressState state, long length)
    {
        runs ??= [];
        if (runs.Count > 0 && runs[^1] is var last && last.State == state && last.Sequence + last.Length == sequence)
        {
            runs[^1] = last with { Length = last.Length + length };
            return;
        }

        runs.Add(new ProgressException(sequence, state, length));
    }
}
