using System.IO.Pipelines;
using Avocet.Broker;
using Avocet.Simulation.Disk;
using Avocet.Simulation.Network;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Simulation.Machine;

/// <summary>One life of the broker's process, from its start to its end or crash. After that nothing of it does anything any more.</summary>
internal sealed class BrokerMachine
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(10);

    public BrokerMachine(BrokerOptions options, FakeTimeProvider clock, SimulatedStore? store, Func<int> commitDelay, Action<LogLevel, int, string> onLogged)
    {
        Time = new SimulatedTime(clock, Work);
        Store = store;
        Commits = new StoreQueue(() => clock.GetTimestamp() * 1000 / clock.TimestampFrequency, commitDelay);
        // The broker is made and started like every other work: with the queue as its way to go on elsewhere.
        using var entered = Enter();
        Broker = new MqttBroker(options, new BrokerServices
        {
            TimeProvider = Time,
            LoggerFactory = new MachineLog(onLogged),
            Scheduler = Work,
            Store = store,
            StoreScheduler = Commits,
        });
        Broker.Start();
    }

    public MqttBroker Broker { get; }

    public SimulatedTime Time { get; }

    public SimulatedStore? Store { get; }

    public WorkQueue Work { get; } = new();

    public StoreQueue Commits { get; }

    public bool IsDead { get; private set; }

    /// <summary>The orderly stop, once it has begun.</summary>
    public Task? Stopping { get; private set; }

    /// <summary>Where the pipes go on, if not inline.</summary>
    public PipeScheduler Scheduler => Work;

    /// <summary>Everything that may run the broker runs between this and the disposal of what it returns.</summary>
    public Entered Enter() => new(Work.Context);

    /// <summary>Serves a connection; <paramref name="onServed"/> is called when the broker is done with it.</summary>
    public async Task ServeAsync(Wire wire, Action onServed)
    {
        await Broker.RunConnectionAsync(wire.BrokerSide, wire.Origin);
        await wire.BrokerSide.Output.CompleteAsync();
        await wire.BrokerSide.Input.CompleteAsync();
        if (IsDead) return;

        wire.IsServed = true;
        onServed();
    }

    /// <summary>Begins to end as on SIGTERM.</summary>
    public void BeginStop() => Stopping ??= Broker.StopAsync(DrainTime);

    public void Die()
    {
        IsDead = true;
        Time.Die();
        Work.Die();
        Commits.Die();
        Store?.Die();
    }

    /// <summary>Puts the synchronization context of the machine in place, and the former one back.</summary>
    internal readonly struct Entered : IDisposable
    {
        private readonly SynchronizationContext? _former;

        public Entered(SynchronizationContext context)
        {
            _former = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(context);
        }

        public void Dispose() => SynchronizationContext.SetSynchronizationContext(_former);
    }
}
