using System.Globalization;
using Avocet.Broker;
using Avocet.Broker.Storage;
using Avocet.Simulation.Disk;
using Avocet.Simulation.Machine;
using Avocet.Simulation.Model;
using Avocet.Simulation.Network;
using Avocet.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Simulation;

/// <summary>Everything of one run: the clock, the disk, the machine with the broker, the network and the clients; and the model beside them.</summary>
internal sealed class SimulatedWorld
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly Dictionary<int, Link> _links = [];
    private readonly Func<SimulatedWorld, SimulatedStore>? _openStore;
    private long _step;
    private int _messages;
    private int _wires;
    private CommitFate _nextFate;
    private long _refusesSince;
    private long? _stoppingSince;
    private bool _isStopCut;
    private bool _wasOrderly;
    private bool _hasRestarted;

    /// <param name="plan">What was drawn for the run.</param>
    /// <param name="openStore">Opens another store than the usual one; for tests of the checks.</param>
    public SimulatedWorld(RunPlan plan, Func<SimulatedWorld, SimulatedStore>? openStore = null)
    {
        Plan = plan;
        Random = new SeededRandom(plan.Seed);
        _openStore = openStore;
        Model = new BrokerModel(new ModelWorld(NextStep, () => Now, () => Disk.Commits, () => !IsDiskFailing)) { HasTinyQueues = plan.HasTinyQueues };
        Machine = StartMachine();
    }

    public RunPlan Plan { get; }

    public SeededRandom Random { get; }

    public Trace Trace { get; } = new();

    public BrokerModel Model { get; }

    public SimulatedDisk Disk { get; } = new();

    public BrokerMachine Machine { get; private set; }

    /// <summary>The connections that may still do something.</summary>
    public List<Wire> Wires { get; } = [];

    public long Now => (long)(_clock.GetUtcNow() - Start).TotalMilliseconds;

    /// <summary>The number the next connection gets.</summary>
    public int NextWire => _wires + 1;

    /// <summary>Messages a client may have under way.</summary>
    public int WindowMax => Plan.Options.ReceiveMaximum;

    /// <summary>Whether PUBACK and PUBREC may refuse.</summary>
    public bool MayRefuse => Plan.HasTinyQueues || Model.DiskHasFailed;

    public bool IsDiskFailing { get; set; }

    /// <summary>Set by a commit that stops the machine; the loop then starts the next one.</summary>
    public bool HasStopped { get; private set; }

    public int Crashes { get; private set; }

    /// <summary>Orderly stops that have begun.</summary>
    public int StopsBegun { get; private set; }

    /// <summary>Whether the broker is about to stop in order.</summary>
    public bool IsStopping => Machine.Stopping is not null;

    /// <summary>Called after each flush of the broker, on its stack; for tests that go on in another order.</summary>
    public Action? OnFlush { get; set; }

    public long NextStep() => ++_step;

    public int NextMessage() => ++_messages;

    public void Note(int client, int message, string text) => Trace.Add(new TraceLine(_step, Now, client, message, text));

    /// <summary>A new connection, which the broker serves from now on.</summary>
    public Wire OpenWire(Link link)
    {
        var wire = new Wire(++_wires, Plan.IsInline ? System.IO.Pipelines.PipeScheduler.Inline : Machine.Scheduler, Plan.WireBuffer, () => OnFlush?.Invoke());
        _links[wire.Number] = link;
        Wires.Add(wire);
        using (Machine.Enter()) _ = Machine.ServeAsync(wire, () => OnServed(wire));
        return wire;
    }

    /// <summary>Runs something that may run the broker, and then waits for what it sent through .NET's own thread pool.</summary>
    public void Run(Action action)
    {
        var machine = Machine;
        using (machine.Enter()) action();
        if (!machine.IsDead) machine.Time.AwaitHops();
    }

    /// <summary>Moves the clock in steps small enough for each tick of the broker's timers to come at its time.</summary>
    public void Advance(int milliseconds)
    {
        Note(-1, 0, string.Create(CultureInfo.InvariantCulture, $"== {milliseconds} ms pass"));
        for (var left = TimeSpan.FromMilliseconds(milliseconds); left > TimeSpan.Zero; left -= Tick)
        {
            Run(() => _clock.Advance(left < Tick ? left : Tick));
            NextStep();
            Model.TimePassed();
        }
    }

    /// <summary>The next commit stops the machine, before, while or after it is written.</summary>
    public void StopAtNextCommit(CommitFate fate) => _nextFate = fate;

    /// <summary>The process is asked to end.</summary>
    public void BeginStop()
    {
        if (Machine.Stopping is not null || HasStopped) return;

        StopsBegun++;
        _stoppingSince = Now;
        _isStopCut = false;
        Note(-1, 0, "== the broker is asked to stop");
        Run(Machine.BeginStop);
    }

    /// <summary>Ends the process if it has done what it was asked to. Where it has not kept everything, or not ended all connections, that is as if it were killed.</summary>
    public void EndStop()
    {
        if (HasStopped || Machine.Stopping is not { IsCompleted: true }) return;

        _wasOrderly = !_isStopCut && Wires.TrueForAll(wire => wire.IsServed);
        Note(-1, 0, _wasOrderly ? "== the broker has stopped" : "== the broker could not stop in order");
        if (!_wasOrderly)
        {
            Stop();
            return;
        }

        HasStopped = true;
        Machine.Die();
        foreach (var wire in Wires) wire.Detach(length => length);
    }

    /// <summary>The process is killed, or the power is cut, between two pieces of work.</summary>
    public void Stop()
    {
        if (HasStopped) return;

        HasStopped = true;
        Crashes++;
        Note(-1, 0, $"== the machine stops; {Disk.UnsyncedCount} commits are not synced");
        // What the broker has refused because of a failed commit that was applied after all comes back, and the client may not have read the refusal yet.
        if (Machine.Store is { IsAhead: true }) Model.ForgetRefusals(_refusesSince, Wires.Select(wire => _links[wire.Number]));

        Machine.Die();
        foreach (var wire in Wires) wire.Detach(length => Random.Below(length + 1));
    }

    /// <summary>What survived is there for the next broker.</summary>
    public void Restart()
    {
        // Acknowledged at durability "os" survives the end of the process only.
        var losesPower = Plan.Options.Durability == Durability.Fsync && Random.Chance(600);
        if (losesPower) Disk.CutPower(Random.Below(Disk.UnsyncedCount + 1));

        HasStopped = false;
        _hasRestarted = true;
        _nextFate = CommitFate.Succeeds;
        _clock.Advance(TimeSpan.FromMilliseconds(Random.Pick([0, 100, 3000, 20_000])));
        NextStep();
        Note(-1, 0, losesPower ? "== the power comes back" : "== the process is started again");
        // The broker's first commit is made at its start.
        var kept = Disk.Kept;
        Machine = StartMachine();
        if (_wasOrderly) Model.RestartedInOrder();
        else Model.Restarted(kept, isSafe: losesPower || Plan.Options.Durability == Durability.Os, _stoppingSince);

        _stoppingSince = null;
        _wasOrderly = false;
    }

    public byte[]? ReadFromDisk(StoreTable table, byte[] key) => Disk.Current.Get(table, key);

    public void CheckLimits()
    {
        var sessions = Machine.Broker.Context.Sessions;
        var (total, connected, _) = sessions.Count;
        if (total > Plan.Clients + 1 || connected > total) throw new ViolationException("limit", $"There are {total} sessions, {connected} of them connected, of {Plan.Clients} clients.", []);

        var (messages, _) = sessions.CountQueued();
        // A queue that lies on the disk may grow to twice its limit until its beginning is read and dropped; and after a start, what was in flight counts as queued
        // until its client is there.
        var perSession = (Plan.Options.QueueMessagesMax * 2L) + 2 + (_hasRestarted ? Plan.Options.InflightMax : 0);
        if (Plan.HasTinyQueues && messages > perSession * total) throw new ViolationException("limit", $"{messages} messages are queued for {total} sessions; each may have {perSession}.", []);
        if (Machine.Broker.Context.Retained.Count > RunPlan.Topics.Count) throw new ViolationException("limit", $"{Machine.Broker.Context.Retained.Count} messages are retained for {RunPlan.Topics.Count} topics.", []);
    }

    /// <summary>What an acknowledged message to a topic must survive.</summary>
    public Durability DurabilityOf(string topic)
    {
        var exception = Plan.Options.TopicDurabilities.FirstOrDefault(exception => TopicMatch.IsMatch(exception.Filter, topic));
        return exception?.Durability ?? Plan.Options.Durability;
    }

    private BrokerMachine StartMachine()
    {
        var store = !Plan.IsDurable ? null : _openStore is null ? new SimulatedStore(Disk, NextFate, Stop) : _openStore(this);
        return new BrokerMachine(Plan.Options, _clock, store, () => Random.Below(Plan.CommitMillisecondsMax + 1), OnLogged);
    }

    public CommitFate NextFate()
    {
        var fate = _nextFate;
        _nextFate = CommitFate.Succeeds;
        if (fate == CommitFate.Succeeds && IsDiskFailing)
        {
            fate = Random.Chance(50) ? CommitFate.FailsApplied : CommitFate.Fails;
            Model.DiskFailed();
        }

        if (fate is CommitFate.Succeeds) Model.DiskWorked();
        if (fate is CommitFate.FailsApplied && Machine.Store is not { IsAhead: true }) _refusesSince = _step;

        Note(-1, 0, $"== commit {fate}");
        return fate;
    }

    private void OnServed(Wire wire)
    {
        NextStep();
        Model.Ended(_links[wire.Number]);
    }

    private void OnLogged(LogLevel level, int eventId, string text)
    {
        if (HasStopped) return;

        // The stop took too long, for the connections or for the disk.
        _isStopCut |= eventId is 1007 or 1012;
        if (eventId == 1012) return;

        if (level >= LogLevel.Error && (eventId == 1006 || !Model.DiskHasFailed)) throw new ViolationException("error", $"The broker logged {level}: {text}", []);

        // "Disconnected: c3 from 127.0.0.1:17: ConnectionLost: ..." and "Refused: 127.0.0.1:17 on listener ..."
        var from = text.IndexOf("127.0.0.1:", StringComparison.Ordinal);
        if (eventId is not (1001 or 1002) || from < 0) return;

        var rest = text[(from + "127.0.0.1:".Length)..];
        var digits = rest.TakeWhile(char.IsAsciiDigit).Count();
        var link = _links[int.Parse(rest[..digits], CultureInfo.InvariantCulture)];
        if (eventId == 1002) link.IsRefused = true;
        else link.Cause = rest[(digits + 2)..].Split(':')[0];

        Note(link.Client, 0, $"== {text}");
    }
}
