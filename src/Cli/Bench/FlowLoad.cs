namespace Avocet.Cli.Bench;

/// <summary>Publishers and subscribers of topics of one publisher each: pub, pair, fanin, fanout and latency.</summary>
internal sealed class FlowLoad(BenchRun run)
{
    /// <summary>Messages of all publishers on their way, unless told otherwise: below the 10,000 that a broker commonly queues for a client.</summary>
    private const int OutstandingDefault = 5000;

    /// <summary>Bytes on their way to a receiver, unless told otherwise.</summary>
    private const int OutstandingBytesDefault = 512 * 1024;

    private readonly BenchOptions _options = run.Options;

    private string Topics => _options.Topic ?? $"bench/{_options.Settings.RunId}";

    /// <summary>A publisher for each subscriber.</summary>
    public Task PairAsync()
    {
        var receivers = Make(_options.Clients, index => new Receiver(run, index, index, 1));
        return RunAsync(_options.Clients, receivers, index => $"{Topics}/{index}", copies: 1, publishersPerReceiver: 1);
    }

    /// <summary>Many publishers, a subscriber.</summary>
    public Task FanInAsync()
    {
        return RunAsync(_options.Publishers, [new Receiver(run, 0, 0, _options.Publishers)], _ => $"{Topics}/+", copies: 1, publishersPerReceiver: _options.Publishers);
    }

    /// <summary>A publisher, many subscribers.</summary>
    public Task FanOutAsync()
    {
        var receivers = Make(_options.Subscribers, index => new Receiver(run, index, 0, 1));
        return RunAsync(1, receivers, _ => $"{Topics}/0", copies: receivers.Length, publishersPerReceiver: 1);
    }

    /// <summary>Publishers only.</summary>
    public Task PublishAsync() => RunAsync(_options.Publishers, [], _ => "", copies: 0, publishersPerReceiver: 1);

    private async Task RunAsync(int publisherCount, Receiver[] receivers, Func<int, string> filterOf, int copies, int publishersPerReceiver)
    {
        var limit = OutstandingOf(publisherCount, publishersPerReceiver);
        var limits = Make(publisherCount, _ => new Outstanding(limit, Math.Max(1, copies), eachReceivesAll: true));
        var publishers = Make(publisherCount, index => new Publisher(run, index, $"{Topics}/{index}", retain: false, copies == 0 ? null : limits[index], _options.PayloadBytes));
        try
        {
            foreach (var receiver in receivers) Follow(receiver, publishers, limits, copies == 1 ? 0 : Array.IndexOf(receivers, receiver));

            await Connections.OpenAsync(run, receivers);
            var filters = Filters.Encode(run, receivers.Length, filterOf);
            await run.ForEachAsync(Enumerable.Range(0, receivers.Length).ToArray(), index => receivers[index].SubscribeAsync(filters[index], 1));
            await Connections.OpenAsync(run, publishers);
            await RunAsync(publishers, receivers, copies);
            await Connections.CloseAsync(run, [.. receivers, .. publishers]);
        }
        finally
        {
            Connections.Dispose([.. receivers, .. publishers]);
        }
    }

    private async Task RunAsync(Publisher[] publishers, Receiver[] receivers, int copies)
    {
        var flow = new Flow(run, publishers, () => receivers.Sum(receiver => receiver.Received), copies);
        if (_options.WarmupSeconds > 0) await flow.RunAsync(new Phase("warm-up"), null, _options.WarmupSeconds);

        await run.MeasureAsync(
            "messages",
            phase => flow.RunAsync(phase, _options.Messages, _options.Seconds, receivers.Length == 0 ? null : () => receivers.Max(receiver => receiver.LastReceiveAt)));
        foreach (var receiver in receivers) receiver.CountFaults(publishers);
    }

    private static void Follow(Receiver receiver, Publisher[] publishers, Outstanding[] limits, int place)
    {
        for (var index = 0; index < receiver.Sources.Length; index++)
        {
            var number = receiver.FirstPublisher + index;
            receiver.Follow(publishers[number], limits[number], place);
        }
    }

    private int OutstandingOf(int publishers, int publishersPerReceiver)
    {
        if (_options.Outstanding is { } outstanding) return Math.Max(1, outstanding / publishers);

        var bytes = OutstandingBytesDefault / publishersPerReceiver / (_options.PayloadBytes + Topics.Length + 16);
        return Math.Max(1, Math.Min(OutstandingDefault / publishers, bytes));
    }

    private static T[] Make<T>(int count, Func<int, T> make)
    {
        var made = new T[count];
        for (var index = 0; index < count; index++) made[index] = make(index);
        return made;
    }
}
