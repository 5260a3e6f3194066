using Avocet.Client.Diagnostics;
using Avocet.Client.Publishing;
using Avocet.Client.Receiving;
using Avocet.Client.Subscriptions;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Connections;

/// <summary>The parts of a client, and the one lock over what they share.</summary>
internal sealed class ClientCore
{
    public ClientCore(MqttClientOptions options)
    {
        Options = options;
        ClientId = options.ClientId ?? $"avocet-{Guid.NewGuid():N}"[..19];
        Logger = options.LoggerFactory.CreateLogger("Avocet.Client");
        Publisher = new Publisher(options, Gate, Exchanges, Counters, Logger);
        Registry = new SubscriptionRegistry(Gate, Exchanges);
        Acknowledger = new Acknowledger(Gate);
        Receiver = new Receiver(options, Gate, Acknowledger, Registry, Counters, Logger);
        States = new StateFeed(Logger);
        Telemetry = new Telemetry(options, ClientId, Counters, () => Publisher.Outstanding, () => States.Current.State == ConnectionState.Connected);
    }

    public MqttClientOptions Options { get; }

    /// <summary>The identifier in use; the broker may choose another when it is empty.</summary>
    public string ClientId { get; set; }

    public Lock Gate { get; } = new();

    public ILogger Logger { get; }

    public Counters Counters { get; } = new();

    public ExchangeTable Exchanges { get; } = new();

    public Publisher Publisher { get; }

    public SubscriptionRegistry Registry { get; }

    public Acknowledger Acknowledger { get; }

    public Receiver Receiver { get; }

    public Telemetry Telemetry { get; }

    public StateFeed States { get; }

    /// <summary>When the broker last acknowledged something, or began to have something to acknowledge. Under the gate.</summary>
    public long LastProgress { get; set; }

    /// <summary>The session goes on over a new connection: first what is older, then what waits.</summary>
    public void Attach(Link link)
    {
        var isSessionPresent = link.Server.SessionPresent;
        lock (Gate)
        {
            LastProgress = Options.TimeProvider.GetTimestamp();
            link.OnRoom = Publisher.Pump;
            Acknowledger.Resume(link, isSessionPresent);
            Receiver.Resume();
            Registry.Resume(link, isSessionPresent);
            Publisher.Resume(link, isSessionPresent);
        }
    }

    public void Detach()
    {
        lock (Gate)
        {
            Publisher.Suspend();
            Registry.Suspend();
            Acknowledger.Suspend();
        }
    }

    /// <summary>Nothing more comes: everybody who waits is told.</summary>
    public void End(Exception exception, bool isFailure)
    {
        IReadOnlyList<Subscription> subscriptions;
        lock (Gate)
        {
            Publisher.End(exception);
            subscriptions = Registry.End(exception);
        }

        foreach (var subscription in subscriptions) subscription.End(isFailure ? exception : null);
    }
}
