using System.IO.Pipelines;
using Avocet.Broker.Bans;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Bandwidth;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Monitoring.Topics;
using Avocet.Broker.Rates;
using Avocet.Broker.Retained;
using Avocet.Broker.Routing;
using Avocet.Broker.Security;
using Avocet.Broker.Sessions;
using Avocet.Broker.Storage;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
using Avocet.Broker.Tracing;
using Avocet.Broker.Watching;
using Avocet.Protocol.Topics;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker;

/// <summary>The parts of one broker, put together once and known to all that need them.</summary>
internal sealed class BrokerContext
{
    public BrokerContext(BrokerOptions options, BrokerServices services)
    {
        Options = options;
        TimeProvider = services.TimeProvider;
        Scheduler = services.Scheduler;
        Clock = new Clock(TimeProvider);
        Logger = services.LoggerFactory.CreateLogger("Avocet.Broker");
        Wheel = new TimerWheel(TimeProvider, Clock, Logger);
        Statistics = new Statistics();
        Events = new EventLog(options.EventsMax, TimeProvider, Clock, Wheel);
        Index = new SubscriptionIndex();
        StoreScheduler = services.StoreScheduler;
        Commits = services.Store is { } store ? new CommitBatcher(this, store) : null;
        Retained = new RetainedStore(Clock, Commits is null ? null : Commits.RetainedChanged);
        if (options.TopicStatisticsMax > 0) Topics = new TopicStatistics(options.TopicStatisticsMax, Events, Clock, Wheel);
        Router = new Router(Index, Retained, Statistics, Topics, Taps, Events, Clock, Commits is not null);
        Authentication = new Authentication(services.Authenticators, services.EnhancedAuthenticators);
        Authorization = new Authorization(services.Authorizers, services.RemoteAuthorizer, Clock);
        Sessions = new SessionRegistry(this);
        Users = new UserConnections(options.ConnectionsPerUserMax);
        Bans = new BanList(this);
        Traces = new BrokerTraces(this);
        Bandwidth = new BandwidthLedger(this);
        ConnectLimits = new ConnectLimits(options, Clock, Logger, Events) { Bans = Bans };
        SendLimits = new SendLimits(options, Clock);
        Control = services.Control;
        if (services.MemoryShareInUse is { } read) Memory = new MemoryBudget(read, Wheel, Clock, Logger, Events);
    }

    public BrokerOptions Options { get; }

    public TimeProvider TimeProvider { get; }

    /// <summary>Where long work goes on after a slice, so that other connections have their turn.</summary>
    public PipeScheduler Scheduler { get; }

    /// <summary>Where commits run.</summary>
    public PipeScheduler StoreScheduler { get; }

    public Clock Clock { get; }

    public TimerWheel Wheel { get; }

    public Statistics Statistics { get; }

    /// <summary>What was decided lately.</summary>
    public EventLog Events { get; }

    /// <summary>What goes over which topic; null where that is not counted.</summary>
    public TopicStatistics? Topics { get; }

    /// <summary>Those who look at messages as they are routed.</summary>
    public MessageTaps Taps { get; } = new();

    public SubscriptionIndex Index { get; }

    public RetainedStore Retained { get; }

    public Router Router { get; }

    public Authentication Authentication { get; }

    public Authorization Authorization { get; }

    public UserConnections Users { get; }

    public SessionRegistry Sessions { get; }

    /// <summary>Who may not connect.</summary>
    public BanList Bans { get; }

    /// <summary>Those who follow packets.</summary>
    public BrokerTraces Traces { get; }

    /// <summary>What went over the wire today and this month.</summary>
    public BandwidthLedger Bandwidth { get; }

    /// <summary>Called with the seconds that a sampled message took from its arrival to the socket; null while nobody measures.</summary>
    public Action<double>? OnDelivered { get; set; }

    /// <summary>How often clients may connect.</summary>
    public ConnectLimits ConnectLimits { get; }

    /// <summary>How fast clients may send.</summary>
    public SendLimits SendLimits { get; }

    /// <summary>Null where nobody answers <c>$CONTROL/…</c>.</summary>
    public ControlHook? Control { get; }

    /// <summary>Null where memory has no limit.</summary>
    public MemoryBudget? Memory { get; }

    /// <summary>Those that run.</summary>
    public ConnectionList Connections { get; } = new();

    /// <summary>What is written to the store; null when everything lives in memory only.</summary>
    public CommitBatcher? Commits { get; }

    /// <summary>Called when the store works again after it failed.</summary>
    public Action? OnStoreRecovered { get; set; }

    public ILogger Logger { get; }

    /// <summary>What the messages of a topic have to survive.</summary>
    public Durability DurabilityOf(ReadOnlySpan<byte> topicName)
    {
        foreach (var exception in Options.TopicDurabilities)
        {
            if (TopicFilter.Matches(exception.FilterBytes, topicName)) return exception.Durability;
        }

        return Options.Durability;
    }
}
