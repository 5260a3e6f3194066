using System.Globalization;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Simulation.Machine;
using Avocet.Simulation.Network;
using Avocet.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Simulation.RealClients;

/// <summary>
/// One run with real clients: they subscribe in peace; then the seed decides what happens next, again and again, and connections are cut at any byte; at the
/// end everything must have arrived.
/// </summary>
internal sealed class ClientRun
{
    private const int DrainTicksMax = 20_000;

    // After everything has come, nothing may come again.
    private const int QuietTicks = 200;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly ClientPlan _plan;
    private readonly SeededRandom _random;
    // Each side runs under the synchronization context that it would have by itself, so each has a clock; both show the same.
    private readonly FakeTimeProvider _brokerClock = new(Start);
    private readonly FakeTimeProvider _clientClock = new(Start);
    private readonly BrokerMachine _machine;
    private readonly List<RealClient> _clients = [];
    private readonly List<Wire> _wires = [];
    private readonly ClientLedger _ledger = new();
    private readonly Trace _trace = new();
    private long _step;
    private int _wireCount;
    private int _cuts;

    public ClientRun(ClientPlan plan)
    {
        _plan = plan;
        _random = new SeededRandom(plan.Seed);
        _machine = new BrokerMachine(plan.Options, _brokerClock, null, () => 0, OnLogged);
        for (var number = 0; number < plan.Clients; number++) _clients.Add(new RealClient(number, plan, _random.Fork(), _clientClock));
    }

    public async Task<RunResult> RunAsync()
    {
        var (violation, fault) = Run();
        _machine.Die();
        foreach (var client in _clients)
        {
            try
            {
                await client.DisposeAsync();
            }
            catch (TimeoutException exception)
            {
                fault ??= exception;
            }
        }

        return new RunResult(_plan.Seed, _trace, violation, fault) { Messages = _ledger.Messages.Count, Deliveries = _ledger.Deliveries, Cuts = _cuts };
    }

    private (ViolationException? Violation, Exception? Fault) Run()
    {
        // With one, .NET would take the clients' work to its thread pool.
        var former = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            Begin();
            for (var step = 0; step < _plan.Steps; step++) Step();

            Drain();
            return (null, null);
        }
        catch (ViolationException exception)
        {
            return (exception, null);
        }
#pragma warning disable CA1031 // Any fault that comes out here is a finding, with its seed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (null, exception);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(former);
        }
    }

    private void Begin()
    {
        foreach (var client in _clients)
        {
            client.Start();
            Connect(client);
            Settle(() => client.Client.State == ConnectionState.Connected);
            var subscribing = client.SubscribeAsync();
            // The broker's answer is told to the caller by a thread of the pool; the message has been read by then.
            Settle(() => client.Client.Server is not null && !_clients.Exists(HasWork));
            if (!SpinWait.SpinUntil(() => subscribing.IsCompleted, TimeSpan.FromSeconds(20))) throw new ViolationException("quiet", $"c{client.Number} does not get its subscription.", [client.Number]);

#pragma warning disable VSTHRD002, VSTHRD103 // It has completed.
            client.Subscribed(subscribing.Result);
#pragma warning restore VSTHRD002, VSTHRD103
            Note(client, $"subscribes to {client.Filter}");
        }
    }

    private void Step()
    {
        _step++;
        var client = _random.Pick(_clients);
        var choice = _random.Below(1000);
        if (choice < _plan.CutsPerThousand) Cut(client);
        else if (choice < 250) Publish(client);
        else if (choice < 420) Send(client, isWhole: false);
        else if (choice < 580) Deliver(isWhole: false);
        else if (choice < 740) Give(client, isWhole: false);
        else if (choice < 830) Work();
        else if (choice < 880) Connect(client, mayRefuse: true);
        else if (choice < 960) Read(client, _random.Between(1, 5));
        else Pass(_random.Between(1, _random.Pick([10, 300, 3000])));
    }

    private void Publish(RealClient client)
    {
        var message = _ledger.Publish(client.Number, _random.Pick(ClientPlan.Topics), (Qos)_random.Below(3));
        Note(client, $"publishes {message}");
        message.Publishing = client.Client.PublishAsync(message.Topic, ClientLedger.PayloadOf(message), message.Qos).AsTask();
        client.Rest();
    }

    private void Connect(RealClient client, bool mayRefuse = false)
    {
        if (!client.HasAttempt) return;

        if (mayRefuse && _random.Chance(_plan.RefusalsPerThousand))
        {
            Note(client, "is refused");
            client.Refuse();
            return;
        }

        var wire = new Wire(++_wireCount, _machine.Scheduler, _plan.WireBuffer, () => { });
        _wires.Add(wire);
        Note(client, $"gets connection {wire.Number}");
        RunBroker(() => _ = _machine.ServeAsync(wire, () => { }));
        client.Accept(new ClientTransport(wire, _plan.WireBuffer));
    }

    // Brings what a client has written onto its wire.
    private bool Send(RealClient client, bool isWhole)
    {
        if (client.Transport is not { } transport || (!isWhole && _random.Chance(200)) || !transport.Collect()) return false;

        client.Rest();
        return true;
    }

    // Brings some of the bytes of a wire to the broker.
    private bool Deliver(bool isWhole)
    {
        _wires.RemoveAll(wire => wire is { IsServed: true, IsClosed: true });
        var ready = _wires.Where(wire => wire.HasUnderWay).ToList();
        if (ready.Count == 0) return false;

        var wire = _random.Pick(ready);
        var count = isWhole || _random.Chance(500) ? int.MaxValue : _random.Between(1, Math.Max(1, wire.UnderWay));
        RunBroker(() => wire.Deliver(count));
        return true;
    }

    private bool Give(RealClient client, bool isWhole)
    {
        if (client.Transport is not { IsClosed: false } transport) return false;

        int? given = null;
        RunBroker(transport.Fetch);
        given = transport.Give(isWhole || _random.Chance(500) ? int.MaxValue : _random.Between(1, 200));
        if (given is not { } count) return false;

        Note(client, count > 0 ? $"<- {count} bytes" : "<- end");
        client.Rest();
        return true;
    }

    private bool Work()
    {
        if (_machine.Work.Count == 0) return false;

        var number = _random.Below(_machine.Work.Count);
        RunBroker(() => _machine.Work.Run(number));
        return true;
    }

    private bool Read(RealClient client, int countMax)
    {
        var hasDone = false;
        for (; countMax > 0 && client.Take() is { } received; countMax--)
        {
            var message = _ledger.Receive(client, received);
            Note(client, $"reads {message}{(received.Dup ? " DUP" : "")}");
            hasDone = true;
        }

        // In any order: the client puts the acknowledgements into that of the messages.
        if (client.Unacknowledged.Count == 0) return hasDone;

        client.Acknowledge(_random.Below(client.Unacknowledged.Count));
        return true;
    }

    // The connection breaks for one side first, or for both at once; what is under way arrives in part.
    private void Cut(RealClient client)
    {
        if (client.Transport is not { IsClosed: false } transport) return;

        _cuts++;
        transport.Collect();
        var kind = _random.Below(3);
        Note(client, kind switch { 0 => "is cut", 1 => "loses the connection, the broker later", _ => "is left by the broker, and finds out later" });
        if (kind == 2)
        {
            RunBroker(transport.Fetch);
            RunBroker(() => transport.Wire.Close(isReset: true));
            client.Rest();
            return;
        }

        if (_random.Chance(500) && transport.Wire is { HasUnderWay: true, UnderWay: > 0 }) RunBroker(() => transport.Wire.Deliver(_random.Between(1, transport.Wire.UnderWay)));
        if (kind == 0) RunBroker(() => transport.Wire.Close(isReset: true));
        else transport.Wire.EndInOrder();
        transport.Break();
        client.Rest();
    }

    private void Pass(int milliseconds)
    {
        Note(null, string.Create(CultureInfo.InvariantCulture, $"== {milliseconds} ms pass"));
        for (var left = TimeSpan.FromMilliseconds(milliseconds); left > TimeSpan.Zero; left -= Tick)
        {
            var step = left < Tick ? left : Tick;
            RunBroker(() => _brokerClock.Advance(step));
            _clientClock.Advance(step);
            foreach (var client in _clients) client.Rest();
        }
    }

    private bool HasWork(RealClient client) => client.Transport is { } transport && transport.Wire.HasUnderWay;

    /// <summary>One piece of whatever there is to do; false when there is nothing.</summary>
    private bool DrainStep()
    {
        _step++;
        foreach (var client in _clients) Connect(client);

        var first = _random.Below(_clients.Count);
        for (var i = 0; i < _clients.Count; i++)
        {
            var client = _clients[(first + i) % _clients.Count];
            if (Send(client, isWhole: true) || Give(client, isWhole: true) || (client.IsReading && Read(client, int.MaxValue))) return true;
        }

        return Deliver(isWhole: true) || Work();
    }

    // Until it holds and nothing is to be done.
    private void Settle(Func<bool> isReached)
    {
        for (var ticks = 0; ticks < DrainTicksMax; ticks++)
        {
            while (DrainStep())
            {
                // There may be more.
            }

            if (isReached()) return;

            Pass(250);
        }

        throw new ViolationException("quiet", "The clients do not come to rest.", []);
    }

    private void Drain()
    {
        Note(null, "== nothing is cut any more");
        string? missing = null;
        for (var ticks = 0; ticks < DrainTicksMax; ticks++)
        {
            while (DrainStep())
            {
                // There may be more.
            }

            missing = _ledger.FindMissing(_clients);
            if (missing is null) break;

            Pass(250);
        }

        if (missing is not null) throw new ViolationException("lost", $"{missing}.", []);

        for (var ticks = 0; ticks < QuietTicks; ticks++)
        {
            while (DrainStep())
            {
                // Pings go on.
            }

            Pass(250);
        }

        // The last of a client's threads may still be about to count.
        SpinWait.SpinUntil(() => FindRestless() is null, TimeSpan.FromSeconds(5));
        var restless = FindRestless();
        if (restless is not null) throw new ViolationException("quiet", $"c{restless.Number} still has messages outstanding.", [restless.Number]);
    }

    private RealClient? FindRestless() => _clients.Find(client => client.Client.Statistics.MessagesOutstanding > 0);

    private void RunBroker(Action action)
    {
        using (_machine.Enter()) action();
        _machine.Time.AwaitHops();
    }

    private void Note(RealClient? client, string text)
    {
        _trace.Add(new TraceLine(_step, (long)(_clientClock.GetUtcNow() - Start).TotalMilliseconds, client?.Number ?? -1, 0, text));
    }

    private void OnLogged(LogLevel level, int eventId, string text)
    {
        if (level >= LogLevel.Error) throw new ViolationException("error", $"The broker logged {level}: {text}", []);
    }
}
