using System.Diagnostics;

namespace Avocet.Cli.Bench;

/// <summary>Stores retained messages, replays all of them to one subscriber, and fetches single ones by their topics.</summary>
internal sealed class RetainLoad(BenchRun run)
{
    /// <summary>Single messages that are fetched.</summary>
    private const int FetchesMax = 1000;

    private readonly BenchOptions _options = run.Options;
    private readonly string _prefix = run.Options.Topic ?? $"bench/{run.Options.Settings.RunId}";

    public async Task RunAsync()
    {
        var topic = new NumberedTopic(_prefix);
        await run.MeasureAsync("store", phase => PublishAsync(phase, topic, _options.PayloadBytes));
        await ReplayAsync(topic);
        if (!_options.IsKept) await PublishAsync(new Phase("clear"), topic, payloadBytes: 0);
    }

    private async Task PublishAsync(Phase phase, NumberedTopic topic, int payloadBytes)
    {
        var publishers = new Publisher[_options.Publishers];
        for (var index = 0; index < publishers.Length; index++)
        {
            var place = index;
            publishers[index] = new NumberedPublisher(run, index, topic, retain: true, null, sequence => ('e', (sequence * publishers.Length) + place), payloadBytes);
        }

        try
        {
            await Connections.OpenAsync(run, publishers);
            await new Flow(run, publishers, () => 0, copies: 0).RunAsync(phase, _options.Count, null);
            await Connections.CloseAsync(run, publishers);
        }
        finally
        {
            Connections.Dispose(publishers);
        }
    }

    private async Task ReplayAsync(NumberedTopic topic)
    {
        using var receiver = new CountingReceiver(run, 0, [], [], isChecking: false);
        await Connections.OpenAsync(run, [receiver]);
        await run.MeasureAsync("replay", async phase =>
        {
            var arrived = receiver.ExpectAsync(_options.Count);
            await run.Failure.WaitAsync(receiver.SubscribeAsync(Filters.Encode($"{_prefix}/#", _options.Qos), 1));
            await WaitAsync(arrived, receiver);
            phase.Counts.Add(("delivered", receiver.Received));
        });
        run.Lost += Math.Max(0, _options.Count - receiver.Received);
        run.Duplicated += Math.Max(0, receiver.Received - _options.Count);

        await run.MeasureAsync("fetch", async phase =>
        {
            var fetches = Math.Min(FetchesMax, _options.Count);
            for (var fetch = 0; fetch < fetches; fetch++)
            {
                var filter = Filters.Encode(topic.Write('e', (long)fetch * _options.Count / fetches), _options.Qos);
                var begin = Stopwatch.GetTimestamp();
                var arrived = receiver.ExpectAsync(1);
                await run.Failure.WaitAsync(receiver.SubscribeAsync(filter, 1));
                await WaitAsync(arrived, receiver);
                run.Latency.Record(begin, Stopwatch.GetTimestamp());
            }

            phase.Counts.Add(("fetched", fetches));
        });
        await Connections.CloseAsync(run, [receiver]);
    }

    /// <summary>Waits as long as something arrives.</summary>
    private async Task WaitAsync(Task arrived, CountingReceiver receiver)
    {
        for (var last = -1L; !arrived.IsCompleted && last != receiver.Received;)
        {
            last = receiver.Received;
            run.ShowProgress("received", last);
            await run.Failure.WaitAsync(Task.WhenAny(arrived, Task.Delay(_options.Stall)));
        }
    }
}
