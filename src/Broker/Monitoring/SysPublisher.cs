using System.Globalization;
using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Routing;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Monitoring;

/// <summary>
/// Publishes <c>$SYS/broker/…</c> under the names that Mosquitto uses, retained, and a packet counter for each type in both directions. A value is
/// published again only when it has changed.
/// </summary>
internal sealed class SysPublisher(BrokerContext context) : WheelTimer
{
    private static readonly int[] AverageMinutes = [1, 5, 15];
    private static readonly GCKind[] Generation2 = [GCKind.FullBlocking, GCKind.Background];

    private readonly Dictionary<string, string> _published = [];
    private readonly Dictionary<string, LoadAverage[]> _averages = [];
    private readonly Dictionary<string, long> _lastCounts = [];
    private readonly FlushBatch _batch = new(context.Commits);
    private volatile bool _isStopped;
    private long _heapMax;
    private double _longestPause;
    private long _lastTurnAt;

    private int IntervalMilliseconds => context.Options.SysIntervalSeconds * 1000;

    public void Start()
    {
        if (context.Options.SysIntervalSeconds == 0) return;

        PublishAll(0);
        context.Wheel.Set(this, context.Clock.Now + IntervalMilliseconds);
    }

    public void Stop()
    {
        _isStopped = true;
        context.Wheel.Stop(this);
    }

    public override void OnExpired()
    {
        if (_isStopped) return;

        // The next turn first, so that one that fails is not the last.
        var now = context.Clock.Now;
        context.Wheel.Set(this, now + IntervalMilliseconds);
        PublishAll((now - _lastTurnAt) / 1000.0);
        _lastTurnAt = now;
    }

    private void PublishAll(double intervalSeconds)
    {
        var statistics = context.Statistics;
        var sessions = context.Sessions.Count;
        var queued = context.Sessions.CountQueued();
        var received = statistics.Get(Counter.Received + (int)PacketType.Publish);
        var sent = statistics.Get(Counter.Sent + (int)PacketType.Publish);
        var dropped = statistics.Get(Counter.DroppedQueueFull) + statistics.Get(Counter.DroppedSlowConsumer) + statistics.Get(Counter.DroppedExpired)
            + statistics.Get(Counter.DroppedTooLarge) + statistics.Get(Counter.DroppedRefused);
        var heap = GC.GetTotalMemory(false);
        _heapMax = Math.Max(_heapMax, heap);

        Publish("version", $"avocet version {typeof(SysPublisher).Assembly.GetName().Version?.ToString(3)}");
        Publish("uptime", string.Create(CultureInfo.InvariantCulture, $"{context.Clock.Now / 1000} seconds"));
        PublishClients(statistics, sessions);
        Publish("bytes/received", statistics.Get(Counter.BytesReceived));
        Publish("bytes/sent", statistics.Get(Counter.BytesSent));
        Publish("connections/socket/count", sessions.Connected);
        Publish("heap/current", heap);
        Publish("heap/maximum", _heapMax);
        Publish("messages/received", statistics.GetPackets(Counter.Received));
        Publish("messages/sent", statistics.GetPackets(Counter.Sent));
        Publish("messages/stored", queued.Messages + context.Retained.Count);
        Publish("store/messages/count", queued.Messages + context.Retained.Count);
        Publish("store/messages/bytes", queued.Bytes);
        Publish("publish/messages/dropped", dropped);
        Publish("publish/messages/received", received);
        Publish("publish/messages/sent", sent);
        Publish("publish/bytes/received", QosFigures.Read(statistics, Statistics.ReceivedPayloadCounterOf).Total);
        Publish("publish/bytes/sent", QosFigures.Read(statistics, Statistics.SentPayloadCounterOf).Total);
        Publish("packet/out/count", queued.Messages);
        Publish("packet/out/bytes", queued.Bytes);
        Publish("retained messages/count", context.Retained.Count);
        Publish("subscriptions/count", context.Index.Count);
        Publish("shared_subscriptions/count", context.Index.SharedCount);
        if (context.Topics is { } topics) Publish("silent/count", topics.SilentCount);
        PublishCollections();
        PublishStorage();
        PublishDropCauses(statistics);
        PublishPackets(statistics);
        if (intervalSeconds > 0) PublishLoad(statistics, received, sent, dropped, intervalSeconds);

        _batch.Flush();
    }

    private void PublishClients(Statistics statistics, (int Total, int Connected, int ConnectedMax) sessions)
    {
        var disconnected = sessions.Total - sessions.Connected;
        Publish("clients/connected", sessions.Connected);
        Publish("clients/active", sessions.Connected);
        Publish("clients/disconnected", disconnected);
        Publish("clients/inactive", disconnected);
        Publish("clients/expired", statistics.Get(Counter.SessionsExpired));
        Publish("clients/maximum", sessions.ConnectedMax);
        Publish("clients/total", sessions.Total);
    }

    /// <summary>Garbage collections by generation, and the milliseconds for which they stopped the broker; the longest of generation 2.</summary>
    private void PublishCollections()
    {
        for (var generation = 0; generation <= GC.MaxGeneration; generation++) Publish($"gc/collections/{generation}", GC.CollectionCount(generation));

        foreach (var kind in Generation2)
        {
            foreach (var pause in GC.GetGCMemoryInfo(kind).PauseDurations) _longestPause = Math.Max(_longestPause, pause.TotalMilliseconds);
        }

        Publish("gc/pause/total", GC.GetTotalPauseDuration().TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture));
        Publish("gc/pause/longest", _longestPause.ToString("0.0", CultureInfo.InvariantCulture));
    }

    private void PublishStorage()
    {
        if (context.Commits is not { } commits) return;

        var figures = commits.Store.GetFigures();
        var kept = context.Statistics.Get(Counter.MessagesKept);
        Publish("storage/state", commits.Failure is { } failure ? $"failing: {failure.Message}" : "ok");
        Publish("storage/commits", commits.Commits);
        Publish("storage/syncs", figures.Syncs);
        Publish("storage/messages/kept", kept);
        Publish("storage/bytes/written", figures.BytesWritten);
        Publish("storage/bytes/per_message", kept == 0 ? 0 : figures.BytesWritten / kept);
        Publish("storage/size", figures.Size);
    }

    private void PublishDropCauses(Statistics statistics)
    {
        Publish("publish/messages/dropped/queue_full", statistics.Get(Counter.DroppedQueueFull));
        Publish("publish/messages/dropped/slow_consumer", statistics.Get(Counter.DroppedSlowConsumer));
        Publish("publish/messages/dropped/expired", statistics.Get(Counter.DroppedExpired));
        Publish("publish/messages/dropped/too_large", statistics.Get(Counter.DroppedTooLarge));
        Publish("publish/messages/dropped/refused", statistics.Get(Counter.DroppedRefused));
    }

    private void PublishPackets(Statistics statistics)
    {
        for (var type = PacketType.Connect; type <= PacketType.Auth; type++)
        {
            var name = NameOf(type);
            Publish($"mqtt/{name}/received", statistics.Get(Counter.Received + (int)type));
            Publish($"mqtt/{name}/sent", statistics.Get(Counter.Sent + (int)type));
        }
    }

    private void PublishLoad(Statistics statistics, long received, long sent, long dropped, double intervalSeconds)
    {
        PublishLoad("connections", statistics.Get(Counter.ConnectionsAccepted), intervalSeconds);
        PublishLoad("sockets", statistics.Get(Counter.SocketsOpened), intervalSeconds);
        PublishLoad("bytes/received", statistics.Get(Counter.BytesReceived), intervalSeconds);
        PublishLoad("bytes/sent", statistics.Get(Counter.BytesSent), intervalSeconds);
        PublishLoad("messages/received", statistics.GetPackets(Counter.Received), intervalSeconds);
        PublishLoad("messages/sent", statistics.GetPackets(Counter.Sent), intervalSeconds);
        PublishLoad("publish/dropped", dropped, intervalSeconds);
        PublishLoad("publish/received", received, intervalSeconds);
        PublishLoad("publish/sent", sent, intervalSeconds);
    }

    private void PublishLoad(string name, long count, double intervalSeconds)
    {
        if (!_averages.TryGetValue(name, out var averages)) _averages[name] = averages = Array.ConvertAll(AverageMinutes, minutes => new LoadAverage(minutes));

        var growth = count - _lastCounts.GetValueOrDefault(name);
        _lastCounts[name] = count;
        for (var i = 0; i < averages.Length; i++)
        {
            averages[i].Add(growth, intervalSeconds);
            Publish($"load/{name}/{AverageMinutes[i]}min", averages[i].Value.ToString("0.00", CultureInfo.InvariantCulture));
        }
    }

    private void Publish(string name, long value) => Publish(name, value.ToString(CultureInfo.InvariantCulture));

    private void Publish(string name, string value)
    {
        if (_published.TryGetValue(name, out var last) && last == value) return;

        _published[name] = value;
        var publication = new Publication(Encoding.UTF8.GetBytes($"$SYS/broker/{name}"), default, Encoding.UTF8.GetBytes(value)) { Retain = true };
        context.Router.Route(ref publication, null, context.Clock.Now, _batch);
    }

    private static string NameOf(PacketType type) => type switch
    {
        PacketType.Connect => "connect",
        PacketType.Connack => "connack",
        PacketType.Publish => "publish",
        PacketType.Puback => "puback",
        PacketType.Pubrec => "pubrec",
        PacketType.Pubrel => "pubrel",
        PacketType.Pubcomp => "pubcomp",
        PacketType.Subscribe => "subscribe",
        PacketType.Suback => "suback",
        PacketType.Unsubscribe => "unsubscribe",
        PacketType.Unsuback => "unsuback",
        PacketType.Pingreq => "pingreq",
        PacketType.Pingresp => "pingresp",
        PacketType.Disconnect => "disconnect",
        _ => "auth",
    };
}
