namespace Avocet.Cli.Bench;

/// <summary>Publishes to clients that are away, and lets them come and fetch.</summary>
internal sealed class OfflineLoad(BenchRun run)
{
    /// <summary>Where the version has an expiry, a session that is left behind is gone after this time.</summary>
    private const uint SessionExpirySeconds = 3600;

    private readonly BenchOptions _options = run.Options;
    private readonly string _prefix = $"bench/{run.Options.Settings.RunId}";

    public async Task RunAsync()
    {
        await SubscribeAsync();
        var publishers = new Publisher[_options.Publishers];
        for (var index = 0; index < publishers.Length; index++) publishers[index] = new Publisher(run, index, $"{_prefix}/{index}", retain: false, null, _options.PayloadBytes);

        try
        {
            await Connections.OpenAsync(run, publishers);
            await run.MeasureAsync("publish", phase => new Flow(run, publishers, () => 0, copies: 0).RunAsync(phase, _options.Messages, _options.Seconds));
            await run.MeasureAsync("drain", phase => DrainAsync(phase, publishers));
            await Connections.CloseAsync(run, publishers);
        }
        finally
        {
            Connections.Dispose(publishers);
        }

        if (!_options.IsKept) await WithReceiversAsync(sessionExpirySeconds: 0, _ => Task.CompletedTask);
    }

    private Task SubscribeAsync()
    {
        var filter = Filters.Encode($"{_prefix}/+", _options.Qos);
        return WithReceiversAsync(SessionExpirySeconds, receivers => run.ForEachAsync(receivers, receiver => receiver.SubscribeAsync(filter, 1)));
    }

    private Task DrainAsync(Phase phase, Publisher[] publishers) => WithReceiversAsync(SessionExpirySeconds, async receivers =>
    {
        var expected = publishers.Sum(publisher => publisher.Sent) * receivers.Length;
        var received = await Flow.WaitAsync(run, () => receivers.Sum(receiver => receiver.Received), expected);
        phase.Counts.Add(("delivered", received));
        foreach (var receiver in receivers) receiver.CountFaults(publishers);
    });

    private async Task WithReceiversAsync(uint sessionExpirySeconds, Func<Receiver[], Task> use)
    {
        var receivers = new Receiver[_options.Subscribers];
        for (var index = 0; index < receivers.Length; index++) receivers[index] = new Receiver(run, index, 0, _options.Publishers);

        try
        {
            await Connections.OpenAsync(run, receivers, sessionExpirySeconds);
            await use(receivers);
            await Connections.CloseAsync(run, receivers);
        }
        finally
        {
            Connections.Dispose(receivers);
        }
    }
}
