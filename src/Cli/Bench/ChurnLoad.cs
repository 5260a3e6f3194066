using System.Diagnostics;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Cli.Bench;

/// <summary>Clients that come, subscribe, publish to themselves, receive and go, again and again.</summary>
internal sealed class ChurnLoad(BenchRun run)
{
    private long _begun;
    private long _done;

    public async Task RunAsync()
    {
        if (run.Options.WarmupSeconds > 0) await CycleAsync(long.MaxValue, run.Options.WarmupSeconds);

        await run.MeasureAsync("cycles", async phase =>
        {
            await CycleAsync(run.Options.Messages ?? long.MaxValue, run.Options.Seconds ?? double.MaxValue);
            phase.Counts.Add(("cycles", _done));
        });
    }

    private Task CycleAsync(long cycles, double seconds)
    {
        (_begun, _done) = (0, 0);
        var begin = Stopwatch.GetTimestamp();
        return run.ForEachAsync(Enumerable.Range(0, run.Options.Clients).ToArray(), async number =>
        {
            while (Interlocked.Increment(ref _begun) <= cycles && Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
            {
                var cycleBegin = Stopwatch.GetTimestamp();
                using var client = new EchoConnection(run, number);
                await client.OpenAsync(sessionExpirySeconds: 0);
                await client.SubscribeAsync(client.Filter, 1);
                await client.PublishAsync();
                await client.CloseAsync();
                run.Latency.Record(cycleBegin, Stopwatch.GetTimestamp());
                run.ShowProgress("cycles", Interlocked.Increment(ref _done));
            }
        });
    }

    /// <summary>Publishes one message to itself.</summary>
    private sealed class EchoConnection : BenchConnection
    {
        private readonly string _topic;
        private readonly BenchOptions _options;

        public EchoConnection(BenchRun run, int number)
            : base(run.Options.Settings, $"{run.Options.Settings.RunId}-echo-{number}", run.Failure, SmallBuffer)
        {
            _options = run.Options;
            _topic = $"bench/{Settings.RunId}/{number}";
            Filter = Filters.Encode(_topic, _options.Qos);
        }

        public byte[] Filter { get; }

        /// <summary>Publishes, and completes when the message is back.</summary>
        public Task PublishAsync()
        {
            var back = AwaitAsync(PacketType.Publish);
            lock (Gate)
            {
                var packet = new PublishPacket { Qos = _options.Qos, TopicName = Encoding.UTF8.GetBytes(_topic), PacketId = 2, Payload = new byte[_options.PayloadBytes] };
                packet.Encode(Control.Reserve(packet.GetEncodedSize(Settings.Version)), Settings.Version);
            }

            Flush();
            return back;
        }

        protected override void OnAcknowledged(PacketType type, ushort packetId, ReasonCode reason)
        {
            if (type == PacketType.Pubrec) Control.AddAcknowledgement(PacketType.Pubrel, packetId);
        }
    }
}
