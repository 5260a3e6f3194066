using System.Buffers;

namespace Avocet.Cli.Bench;

/// <summary>Many filters over some connections, then messages that match one of them each.</summary>
internal sealed class FilterLoad(BenchRun run)
{
    /// <summary>Filters in a SUBSCRIBE.</summary>
    private const int FiltersPerPacket = 100;

    private const int OutstandingDefault = 5000;

    private readonly BenchOptions _options = run.Options;
    private readonly NumberedTopic _topic = new($"bench/{run.Options.Settings.RunId}");
    private long _subscribed;

    public async Task RunAsync()
    {
        var limit = Math.Max(1, (_options.Outstanding ?? OutstandingDefault) / _options.Publishers);
        var limits = new Outstanding[_options.Publishers];
        var publishers = new Publisher[_options.Publishers];
        for (var index = 0; index < publishers.Length; index++)
        {
            limits[index] = new Outstanding(limit, _options.Clients, eachReceivesAll: false);
            publishers[index] = new NumberedPublisher(run, index, _topic, retain: false, limits[index], NumberOf(index), _options.PayloadBytes);
        }

        var receivers = new CountingReceiver[_options.Clients];
        for (var index = 0; index < receivers.Length; index++) receivers[index] = new CountingReceiver(run, index, publishers, limits, isChecking: false);

        try
        {
            await Connections.OpenAsync(run, receivers);
            await Connections.OpenAsync(run, publishers);
            await run.MeasureAsync("subscribe", async phase =>
            {
                await run.ForEachAsync(Enumerable.Range(0, receivers.Length).ToArray(), index => SubscribeAsync(receivers[index], index));
                phase.Counts.Add(("subscribed", _options.Count));
            });
            var flow = new Flow(run, publishers, () => receivers.Sum(receiver => receiver.Received), copies: 1);
            await run.MeasureAsync(
                "messages",
                phase => flow.RunAsync(phase, _options.Messages, _options.Seconds, () => receivers.Max(receiver => receiver.LastReceiveAt)));
            var missing = flow.Sent - receivers.Sum(receiver => receiver.Received);
            run.Lost += Math.Max(0, missing);
            run.Duplicated += Math.Max(0, -missing);
            await Connections.CloseAsync(run, [.. receivers, .. publishers]);
        }
        finally
        {
            Connections.Dispose([.. receivers, .. publishers]);
        }
    }

    /// <summary>Publishers walk over all filters in steps that have no order to speak of.</summary>
    private Func<long, (char Letter, long Number)> NumberOf(int publisher)
    {
        const long Step = 7_919;

        var (count, publishers) = (_options.Count, _options.Publishers);
        return sequence =>
        {
            var number = ((sequence * publishers) + publisher) % count * Step % count;
            return (NumberedTopic.LetterOf(number), number);
        };
    }

    private async Task SubscribeAsync(CountingReceiver receiver, int index)
    {
        var payload = new ArrayBufferWriter<byte>();
        var gathered = 0;
        for (long number = index; number < _options.Count; number += _options.Clients)
        {
            payload.Write(Filters.Encode(_topic.FilterOf(NumberedTopic.LetterOf(number), number), _options.Qos));
            gathered++;
            if (gathered < FiltersPerPacket && number + _options.Clients < _options.Count) continue;

            await receiver.SubscribeAsync(payload.WrittenSpan.ToArray(), gathered);
            run.ShowProgress("subscribed", Interlocked.Add(ref _subscribed, gathered));
            payload.ResetWrittenCount();
            gathered = 0;
        }
    }
}
