using System.Diagnostics;

namespace Avocet.Cli.Bench;

/// <summary>Opens many connections and holds them.</summary>
internal sealed class ConnectLoad(BenchRun run)
{
    public async Task RunAsync()
    {
        var connections = new IdleConnection[run.Options.Clients];
        var opened = 0L;
        try
        {
            for (var index = 0; index < connections.Length; index++) connections[index] = new IdleConnection(run, index);

            await run.MeasureAsync("connect", async phase =>
            {
                await run.ForEachAsync(connections, OpenAsync);
                phase.Counts.Add(("connected", connections.Length));
            });
            if (run.Options.Seconds is { } seconds)
            {
                await run.MeasureAsync("hold", _ => run.Failure.WaitAsync(Task.Delay(TimeSpan.FromSeconds(seconds))));
            }

            await run.MeasureAsync("disconnect", async phase =>
            {
                await Connections.CloseAsync(run, connections);
                phase.Counts.Add(("disconnected", connections.Length));
            });
            if (run.Options.SessionExpirySeconds > 0 && !run.Options.IsKept) await EndSessionsAsync(connections.Length);
        }
        finally
        {
            Connections.Dispose(Array.FindAll(connections, connection => connection is not null));
        }

        async Task OpenAsync(IdleConnection connection)
        {
            var begin = Stopwatch.GetTimestamp();
            await connection.OpenAsync(run.Options.SessionExpirySeconds);
            run.Latency.Record(begin, Stopwatch.GetTimestamp());
            run.ShowProgress("connected", Interlocked.Increment(ref opened));
        }
    }

    private async Task EndSessionsAsync(int count)
    {
        var connections = new IdleConnection[count];
        for (var index = 0; index < count; index++) connections[index] = new IdleConnection(run, index);
        try
        {
            await Connections.OpenAsync(run, connections);
            await Connections.CloseAsync(run, connections);
        }
        finally
        {
            Connections.Dispose(connections);
        }
    }
}
