using System.Diagnostics;

namespace Avocet.Cli.Bench;

/// <summary>Receives what others publish, for a time or a number of messages.</summary>
internal sealed class SubscribeLoad(BenchRun run)
{
    private readonly BenchOptions _options = run.Options;

    public async Task RunAsync()
    {
        var receivers = new CountingReceiver[_options.Subscribers];
        for (var index = 0; index < receivers.Length; index++) receivers[index] = new CountingReceiver(run, index, [], [], _options.IsChecking);

        try
        {
            await Connections.OpenAsync(run, receivers);
            var filter = Filters.Encode(_options.Topic!, _options.Qos);
            await run.MeasureAsync("messages", phase => ReceiveAsync(phase, receivers, filter));
            await Connections.CloseAsync(run, receivers);
        }
        finally
        {
            Connections.Dispose(receivers);
        }
    }

    private async Task ReceiveAsync(Phase phase, CountingReceiver[] receivers, byte[] filter)
    {
        var begin = Stopwatch.GetTimestamp();
        await run.ForEachAsync(receivers, receiver => receiver.SubscribeAsync(filter, 1));
        while (true)
        {
            run.Failure.ThrowIfHappened();
            var received = receivers.Sum(receiver => receiver.Received);
            run.ShowProgress("received", received);
            if (received >= _options.Messages || Stopwatch.GetElapsedTime(begin).TotalSeconds >= _options.Seconds) break;

            await Task.Delay(Flow.LookInterval);
        }

        foreach (var receiver in receivers) receiver.CountFaults();

        phase.Counts.Add(("delivered", receivers.Sum(receiver => receiver.Received)));
    }
}
