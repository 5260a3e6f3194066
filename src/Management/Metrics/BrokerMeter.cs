using System.Diagnostics.Metrics;
using Avocet.Broker;
using Avocet.Broker.Monitoring;

namespace Avocet.Management.Metrics;

/// <summary>
/// The meter <c>Avocet.Broker</c>: what the broker counts anyway, read when somebody asks, so that nothing is added to the way of a message. Every label has a few
/// known values; no client and no topic is one.
/// </summary>
internal sealed class BrokerMeter : IDisposable
{
    public const string Name = "Avocet.Broker";

    /// <summary>For how long one reading serves: an export asks for all instruments one after the other.</summary>
    private static readonly TimeSpan ReadingTime = TimeSpan.FromMilliseconds(500);

    private static readonly double[] Boundaries = [0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];

    private readonly Meter _meter;
    private readonly Histogram<double> _delivered;
    private readonly MqttBroker _broker;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _gate = new();
    private BrokerFigures? _figures;
    private long _readAt;

    public BrokerMeter(MqttBroker broker, string version, TimeProvider timeProvider)
    {
        _broker = broker;
        _timeProvider = timeProvider;
        _meter = new Meter(new MeterOptions(Name) { Version = version });
        AddClients();
        AddTraffic();
        AddState();
        AddStore();
        AddProcess();
        _delivered = _meter.CreateHistogram<double>(
            "avocet.delivery.duration", "s", "Seconds from the arrival of a message to the socket of who gets it, of one message in 512.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Boundaries });
        broker.OnDelivered = _delivered.Record;
    }

    /// <summary>For exporters that would else export meters of others, such as of another broker in the same process.</summary>
    public Meter Meter => _meter;

    public void Dispose()
    {
        _broker.OnDelivered = null;
        _meter.Dispose();
    }

    private BrokerFigures Figures
    {
        get
        {
            lock (_gate)
            {
                if (_figures is not null && _timeProvider.GetElapsedTime(_readAt) < ReadingTime) return _figures;

                _readAt = _timeProvider.GetTimestamp();
                return _figures = _broker.GetFigures();
            }
        }
    }

    private void AddClients()
    {
        Gauge("avocet.connections", "{connection}", "Open connections, those before their CONNECT included.", () => Figures.Connections);
        Gauge("avocet.clients.connected", "{client}", "Clients that are connected.", () => Figures.SessionsConnected);
        Counter("avocet.connections.opened", "{connection}", "Connections opened.", () => Figures.ConnectionsOpened);
        Counter("avocet.connections.accepted", "{connection}", "CONNECTs accepted.", () => Figures.ConnectionsAccepted);
        Counter("avocet.connections.refused", "{connection}", "CONNECTs refused.", () => Figures.ConnectionsRefused);
        Gauge("avocet.sessions", "{session}", "Sessions, of clients that are connected or not.", () => Figures.Sessions);
        Counter("avocet.sessions.expired", "{session}", "Sessions that expired.", () => Figures.SessionsExpired);
    }

    private void AddTraffic()
    {
        _meter.CreateObservableCounter("avocet.messages.received", () => ByQos(Figures.MessagesReceivedByQos), "{message}", "PUBLISH packets from clients, by QoS.");
        _meter.CreateObservableCounter("avocet.messages.sent", () => ByQos(Figures.MessagesSentByQos), "{message}", "PUBLISH packets to clients, by QoS.");
        _meter.CreateObservableCounter("avocet.payload.received", () => ByQos(Figures.PayloadBytesReceivedByQos), "By", "Bytes of payloads from clients, by QoS.");
        _meter.CreateObservableCounter("avocet.payload.sent", () => ByQos(Figures.PayloadBytesSentByQos), "By", "Bytes of payloads to clients, by QoS.");
        Counter("avocet.network.received", "By", "Bytes of packets from clients.", () => Figures.BytesReceived);
        Counter("avocet.network.sent", "By", "Bytes of packets to clients.", () => Figures.BytesSent);
        _meter.CreateObservableCounter("avocet.packets.received", () => PacketsOf(type => type.Received), "{packet}", "Control packets from clients, by type.");
        _meter.CreateObservableCounter("avocet.packets.sent", () => PacketsOf(type => type.Sent), "{packet}", "Control packets to clients, by type.");
        Counter("avocet.aliases.saved", "By", "Bytes that Topic Aliases saved towards clients.", () => Figures.AliasSavedBytes);
        _meter.CreateObservableCounter("avocet.messages.dropped", Drops, "{message}", "Messages dropped, by cause.");
    }

    private void AddState()
    {
        Gauge("avocet.subscriptions", "{subscription}", "Subscriptions.", () => Figures.Subscriptions);
        Gauge("avocet.subscriptions.shared", "{subscription}", "Shared ones of them.", () => Figures.SharedSubscriptions);
        Gauge("avocet.retained.messages", "{message}", "Retained messages, those of $SYS included.", () => Figures.RetainedMessages);
        Gauge("avocet.silent", null, "Topics and clients that have fallen silent.", () => _broker.Topics.SilentCount);
        Gauge("avocet.queued.messages", "{message}", "Messages that wait in queues of sessions.", () => Figures.QueuedMessages);
        Gauge("avocet.queued.size", "By", "Bytes of them.", () => Figures.QueuedBytes);
    }

    private void AddStore()
    {
        if (!_broker.Storage.HasStore) return;

        Gauge("avocet.store.failing", null, "1 while the store does not write.", () => _broker.Storage.Problem is null ? 0 : 1);
        Counter("avocet.store.commits", "{commit}", "Commits.", () => _broker.Storage.Commits);
        Counter("avocet.store.syncs", "{sync}", "Waits for the medium.", () => _broker.Storage.Figures.Syncs);
        Counter("avocet.store.messages.kept", "{message}", "QoS 1 and 2 messages written before they were acknowledged.", () => _broker.Storage.MessagesKept);
        Counter("avocet.store.written", "By", "Bytes written to the medium.", () => _broker.Storage.Figures.BytesWritten);
        Gauge("avocet.store.size", "By", "Bytes the data takes.", () => _broker.Storage.Figures.Size);
    }

    private void AddProcess()
    {
        _meter.CreateObservableGauge("avocet.uptime", () => Figures.Uptime.TotalSeconds, "s", "Seconds since the broker was started.");
        Gauge("avocet.memory.heap", "By", "Bytes of the managed heap.", () => GC.GetTotalMemory(false));
        Gauge("avocet.memory.short", null, "1 while clients are refused because memory is short.", () => _broker.IsMemoryShort ? 1 : 0);
        _meter.CreateObservableCounter("avocet.gc.collections", Collections, "{collection}", "Garbage collections, by generation.");
        _meter.CreateObservableCounter("avocet.gc.pause", () => GC.GetTotalPauseDuration().TotalSeconds, "s", "Seconds for which garbage collections stopped the broker.");
    }

    private IEnumerable<Measurement<long>> PacketsOf(Func<PacketFigures, long> read) =>
        Figures.Packets.Select(type => new Measurement<long>(read(type), KeyValuePair.Create<string, object?>("type", type.Type.ToString().ToLowerInvariant())));

    private static IEnumerable<Measurement<long>> ByQos(QosFigures figures)
    {
        yield return new Measurement<long>(figures.AtMostOnce, KeyValuePair.Create<string, object?>("qos", "0"));
        yield return new Measurement<long>(figures.AtLeastOnce, KeyValuePair.Create<string, object?>("qos", "1"));
        yield return new Measurement<long>(figures.ExactlyOnce, KeyValuePair.Create<string, object?>("qos", "2"));
    }

    private IEnumerable<Measurement<long>> Drops()
    {
        var drops = Figures.Drops;
        yield return Cause(drops.QueueFull, "queue_full");
        yield return Cause(drops.SlowConsumer, "slow_consumer");
        yield return Cause(drops.Expired, "expired");
        yield return Cause(drops.TooLarge, "too_large");
        yield return Cause(drops.Refused, "refused");
    }

    private static Measurement<long> Cause(long count, string cause) => new(count, KeyValuePair.Create<string, object?>("cause", cause));

    private static IEnumerable<Measurement<long>> Collections()
    {
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            yield return new Measurement<long>(GC.CollectionCount(generation), KeyValuePair.Create<string, object?>("generation", generation.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    private void Gauge(string name, string? unit, string description, Func<long> read) => _meter.CreateObservableGauge(name, read, unit, description);

    private void Counter(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);
}
