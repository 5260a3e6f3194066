using System.IO.Pipelines;
using System.Text;
using Avocet.Broker.Bans;
using Avocet.Broker.Connections;
using Avocet.Broker.Inspection;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Bandwidth;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Publishing;
using Avocet.Broker.Retained;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Tracing;
using Avocet.Broker.Watching;
using Avocet.Protocol;
using Avocet.Protocol.Topics;

namespace Avocet.Broker;

/// <summary>One broker: sessions, subscriptions, retained messages, and the connections that are handed to it.</summary>
public sealed class MqttBroker : IAsyncDisposable
{
    /// <summary>How long the last commit may take at the end.</summary>
    private static readonly TimeSpan LastCommitTimeMax = TimeSpan.FromSeconds(5);

    private readonly BrokerContext _context;
    private SysPublisher? _sys;
    private volatile bool _isStopping;

    public MqttBroker(BrokerOptions options, BrokerServices services)
    {
        Options = options;
        _context = new BrokerContext(options, services);
        _context.OnStoreRecovered = CloseUnanswered;
        Events = new BrokerEvents(_context.Events);
        Inspector = new BrokerInspector(_context);
        Topics = new TopicInspector(_context);
    }

    public BrokerOptions Options { get; }

    internal BrokerContext Context => _context;

    private ConnectionList Connections => _context.Connections;

    /// <summary>What the broker can tell of its clients and messages, and be told to do with them.</summary>
    public BrokerInspector Inspector { get; }

    /// <summary>What goes over which topic, and who has fallen silent.</summary>
    public TopicInspector Topics { get; }

    /// <summary>Who may not connect.</summary>
    public BanList Bans => _context.Bans;

    /// <summary>Packets of clients, as somebody follows them.</summary>
    public BrokerTraces Traces => _context.Traces;

    /// <summary>Called, by any thread, with the seconds that a message took from its arrival to the socket of who gets it, for one message in 512; null for never.</summary>
    public Action<double>? OnDelivered
    {
        get => _context.OnDelivered;
        set => _context.OnDelivered = value;
    }

    /// <summary>What was decided lately, such as connections that were refused and messages that were dropped.</summary>
    public BrokerEvents Events { get; }

    /// <summary>Whether the store works, and what it has written.</summary>
    public StorageHealth Storage => _context.Commits is { } commits
        ? new StorageHealth(true, commits.Failure?.Message, commits.Store.GetFigures(), commits.Commits, _context.Statistics.Get(Counter.MessagesKept))
        : default;

    /// <summary>Whether it has begun to stop.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>Whether so much of the memory limit is in use that clients are refused.</summary>
    public bool IsMemoryShort => _context.Memory is { Level: not MemoryLevel.Free };

    /// <summary>What it counts. Takes longer the more sessions there are.</summary>
    public BrokerFigures GetFigures() => BrokerFigures.Read(_context);

    /// <summary>What went over the wire in all, and what Topic Aliases saved of it towards clients.</summary>
    public (BandwidthFigures Figures, long AliasSavedBytes) GetBandwidth(BandwidthPeriod period) => _context.Bandwidth.ReadTotal(period);

    /// <summary>The clients, or first levels of topics, with the most; clients without an entry of their own are the last one together.</summary>
    public IReadOnlyList<BandwidthShare> GetBandwidth(BandwidthKind kind, BandwidthPeriod period) => _context.Bandwidth.Read(kind, period);

    /// <summary>Asks what answers <c>$CONTROL/…</c>, as a client would that may; null where nobody answers.</summary>
    /// <param name="topicName">The topic.</param>
    /// <param name="payload">The question.</param>
    /// <param name="asker">Who asks, for the log.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReadOnlyMemory<byte>?> ControlAsync(string topicName, ReadOnlyMemory<byte> payload, string asker, CancellationToken cancellationToken)
    {
        if (_context.Control is not { } control) return null;

        var origin = new ConnectionOrigin { Listener = new ListenerPolicy { Name = "console" }, Transport = "console" };
        if (await control(new ClientIdentity(asker, null, origin), topicName, payload, cancellationToken) is not { } answer) return null;

        answer.After?.Invoke();
        return answer.Payload;
    }

    /// <summary>
    /// Loads what the store holds and starts the regular work: <c>$SYS</c>, and the removal of expired messages. Call once, before the first connection.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be read, or a newer version wrote it; the message says what to do.</exception>
    public void Start()
    {
        if (_context.Commits is { } commits)
        {
            new StoreLoader(_context, commits).Load();
            _context.Bans.Load(commits.Store);
        }

        new RetainedSweeper(_context).Start();
        _context.Memory?.Start();
        if (_context.Topics is { } topics)
        {
            foreach (var message in Inspector.EnumerateRetained("#", Options.TopicStatisticsMax, 0)) topics.AddRetained(message.TopicName);

            topics.Start();
        }

        _context.Bandwidth.Start();

        _sys = new SysPublisher(_context);
        _sys.Start();
    }

    /// <summary>Serves one connection until it ends. The caller owns the transport and closes it when the task completes; the task never fails.</summary>
    /// <param name="transport">The byte stream.</param>
    /// <param name="origin">Where it came from.</param>
    /// <remarks>
    /// The connection ends with the transport's input, once what came before the end is handled: a client may publish and be gone before it is
    /// looked at.
    /// </remarks>
    /// <returns>Whether the client said that it goes, so that nothing more has to reach it.</returns>
    public Task<bool> RunConnectionAsync(IDuplexPipe transport, ConnectionOrigin origin)
    {
        var pipe = new PipeTransport(transport, origin);
        Serve(pipe);
        return pipe.Ended;
    }

    /// <summary>Serves one connection until it ends, of which its transport is told. Never fails.</summary>
    public void Serve(ITransport transport)
    {
        var listener = transport.Origin.Listener;
        var count = Connections.CountFor(listener.Name);
        var isOverLimit = (listener.ConnectionsMax > 0 && count > listener.ConnectionsMax) || (Options.ConnectionsMax > 0 && Connections.Count >= Options.ConnectionsMax);
        var connection = new Connection(_context, transport, isOverLimit);
        Connections.Add(connection);
        if (_isStopping) connection.Close(Shutdown);
        else if (_context.Bans.FindFor(transport.Origin) is { } ban) connection.Close(BanList.RefuseUnread(ban));
        else if (!_context.ConnectLimits.MayConnect(transport.Origin)) connection.Close(TooManyConnects);

        connection.Run();
    }

    /// <summary>Where durable state is kept, for parts that have a table of their own there; null when everything lives in memory only.</summary>
    public IStore? Store => _context.Commits?.Store;

    /// <summary>
    /// Keeps changes of such a table, all or none, together with what else is committed. Null once they are as durable as <see cref="BrokerOptions.Durability"/> asks;
    /// else why they are not, and they are taken back. Without a store they are kept at once.
    /// </summary>
    /// <param name="changes">The changes.</param>
    /// <param name="undo">What brings back the state before. Whoever calls changes nothing else of the table until this is over.</param>
    public Task<StoreException?> KeepAsync(StoreBatch changes, StoreBatch undo) => _context.Commits?.KeepAsync(changes, undo) ?? Task.FromResult<StoreException?>(null);

    /// <summary>The clients that are connected now and have a session, as far as they are meant.</summary>
    public IReadOnlyList<ClientIdentity> GetClients(Func<ClientIdentity, bool> isMeant) =>
        [.. Connections.ToList().Where(connection => connection.Session is not null && connection.Identity is { } identity && isMeant(identity)).Select(connection => connection.Identity!)];

    /// <summary>Who would get a message now and who would not, and why. Nothing is published.</summary>
    public Explanation Explain(ExplainRequest request) => new Explainer(_context, request).Explain();

    /// <summary>Whether a Topic Filter is valid.</summary>
    public static bool IsValidFilter(string filter) => TopicFilter.IsValid(Encoding.UTF8.GetBytes(filter));

    /// <summary>Lets somebody see the messages whose topics match a filter, until he disposes what is returned.</summary>
    /// <param name="filter">A Topic Filter, mount point included.</param>
    /// <param name="queueMax">Messages that wait in their order; of more the newest of each topic is kept.</param>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    public MessageWatch Watch(string filter, int queueMax) =>
        IsValidFilter(filter) ? new MessageWatch(_context.Taps, _context.TimeProvider, filter, queueMax) : throw new ArgumentException($"'{filter}' is not a valid Topic Filter.", nameof(filter));

    /// <summary>Publishes a message that comes from no client. Completes when it is as durable as an acknowledged one of a client.</summary>
    public async Task<PublishOutcome> PublishAsync(BrokerMessage message, CancellationToken cancellationToken) =>
        _isStopping ? PublishOutcome.Refused("the broker is stopping") : await ServerPublisher.PublishAsync(_context, message, cancellationToken);

    /// <summary>Ends the connections of some clients, such as those whose password has changed. Not to be called under a lock that their ends may need.</summary>
    /// <returns>How many there were.</returns>
    public int DisconnectClients(Func<ClientIdentity, bool> isMeant, ReasonCode reason, string detail)
    {
        var count = 0;
        foreach (var connection in Connections.ToList())
        {
            if (connection.Session is null || connection.Identity is not { } identity || !isMeant(identity)) continue;

            connection.Close(new Ending(EndingCause.AccessRevoked, reason, detail));
            count++;
        }

        return count;
    }

    /// <summary>
    /// Stops: no new connections, DISCONNECT 0x8B Server shutting down to 5.0 clients, and a wait of at most <paramref name="drainTime"/> for the
    /// connections to end.
    /// </summary>
    public async Task StopAsync(TimeSpan drainTime)
    {
        _isStopping = true;
        var running = new List<Task>();
        foreach (var connection in Connections.ToList())
        {
            running.Add(connection.WhenEndedAsync());
            connection.Close(Shutdown);
        }

        try
        {
            await Task.WhenAll(running).WaitAsync(drainTime, _context.TimeProvider);
        }
        catch (TimeoutException)
        {
            Log.NotDrained(_context.Logger, running.Count(task => !task.IsCompleted), drainTime.TotalSeconds);
        }

        _context.Bandwidth.Stop();
        if (_context.Commits is { } commits) await FinishAsync(commits);
    }

    public ValueTask DisposeAsync()
    {
        _isStopping = true;
        _sys?.Stop();
        _context.Commits?.Stop();
        _context.Traces.Stop();
        return _context.Wheel.DisposeAsync();
    }

    /// <summary>Writes what nobody waited for.</summary>
    private async Task FinishAsync(CommitBatcher commits)
    {
        commits.Put(StoreTable.Meta, StoreKeys.Stopped, default);
        var committed = commits.WhenCommittedAsync();
        commits.Kick();
        try
        {
            await committed.WaitAsync(commits.IsBroken ? TimeSpan.Zero : LastCommitTimeMax, _context.TimeProvider);
        }
        catch (TimeoutException)
        {
            Log.StoreNotFinished(_context.Logger, commits.Store.Location, commits.Failure?.Message ?? "the disk is too slow");
        }
    }

    private void CloseUnanswered()
    {
        foreach (var connection in Connections.ToList()) connection.CloseUnanswered();
    }

    // Before anything is read: an answer would cost as much as what is to be kept away.
    private static Ending TooManyConnects { get; } = new(EndingCause.Refused, ReasonCode.ConnectionRateExceeded, "more connections a second come than connect_rate_max of [limits] or of the listener allows");

    private static Ending Shutdown { get; } = new(EndingCause.ServerShutdown, ReasonCode.ServerShuttingDown, "the server is shutting down");
}
