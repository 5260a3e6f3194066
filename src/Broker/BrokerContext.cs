using System.IO.Pipelines;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Retained;
using Avocet.Broker.Routing;
using Avocet.Broker.Security;
using Avocet.Broker.Sessions;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
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
        Wheel = new TimerWheel(TimeProvider, Clock);
        Statistics = new Statistics();
        Index = new SubscriptionIndex();
        Retained = new RetainedStore(Clock);
        Router = new Router(Index, Retained, Statistics, Clock);
        Authentication = new Authentication(services.Authenticators, services.EnhancedAuthenticators);
        Authorization = new Authorization(services.Authorizers);
        Logger = services.LoggerFactory.CreateLogger("Avocet.Broker");
        Sessions = new SessionRegistry(this);
    }

    public BrokerOptions Options { get; }

    public TimeProvider TimeProvider { get; }

    /// <summary>Where long work goes on after a slice, so that other connections have their turn.</summary>
    public PipeScheduler Scheduler { get; }

    public Clock Clock { get; }

    public TimerWheel Wheel { get; }

    public Statistics Statistics { get; }

    public SubscriptionIndex Index { get; }

    public RetainedStore Retained { get; }

    public Router Router { get; }

    public Authentication Authentication { get; }

    public Authorization Authorization { get; }

    public SessionRegistry Sessions { get; }

    public ILogger Logger { get; }
}
