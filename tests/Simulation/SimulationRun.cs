using Avocet.Simulation.Clients;
using Avocet.Simulation.Disk;
using Avocet.Simulation.Network;

namespace Avocet.Simulation;

/// <summary>How a run ended.</summary>
internal sealed record RunResult(ulong Seed, Trace Trace, ViolationException? Violation, Exception? Fault)
{
    public int Messages { get; init; }

    public long Deliveries { get; init; }

    public int Crashes { get; init; }

    public int Commits { get; init; }

    public int Cuts { get; init; }

    public bool IsGood => Violation is null && Fault is null;
}

/// <summary>One run: the seed decides what happens next, again and again; then all clients come back, and everything must have arrived.</summary>
internal sealed class SimulationRun
{
    private const int DrainStepsMax = 400_000;

    /// <summary>Seconds without anything happening, after which the world counts as quiet.</summary>
    private const int QuietSeconds = 15;

    private readonly SimulatedWorld _world;
    private readonly List<SimulatedClient> _clients = [];

    public SimulationRun(RunPlan plan, Func<SimulatedWorld, SimulatedStore>? openStore = null)
    {
        _world = new SimulatedWorld(plan, openStore);
        for (var number = 0; number < plan.Clients; number++) _clients.Add(new SimulatedClient(_world, number));
    }

    public SimulatedWorld World => _world;

    public RunResult Run()
    {
        ViolationException? violation = null;
        Exception? fault = null;
        try
        {
            for (var step = 0; step < _world.Plan.Steps; step++)
            {
                Step();
                if (step % 64 == 0) _world.CheckLimits();
            }

            Drain();
            if (!_world.Plan.HasTinyQueues) _world.Model.CheckArrived();

            CheckRetained();
            CleanUp();
        }
        catch (ViolationException exception)
        {
            violation = exception;
        }
#pragma warning disable CA1031 // Any fault of the broker that comes out here is a finding, with its seed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault = exception;
        }

        return new RunResult(_world.Plan.Seed, _world.Trace, violation, fault)
        {
            Messages = _world.Model.Messages.Count,
            Deliveries = _world.Model.Deliveries,
            Crashes = _world.Crashes,
            Commits = _world.Disk.Commits,
        };
    }

    private void Step()
    {
        _world.NextStep();
        Trouble();
        RestartIfStopped();
        var random = _world.Random;
        var choice = random.Below(100);
        if (choice < 12) Work();
        else if (choice < 20) Commit();
        else if (choice < 45) Deliver(isWhole: false);
        else if (choice < 70) Receive(isWhole: false);
        else if (choice < 96) _world.Run(() => random.Pick(_clients).Act());
        else Pass();

        RestartIfStopped();
    }

    private void Trouble()
    {
        var plan = _world.Plan;
        var random = _world.Random;
        if (plan.CrashesPerMillion > 0 && random.Below(1_000_000) < plan.CrashesPerMillion)
        {
            if (random.Chance(300)) _world.Stop();
            else _world.StopAtNextCommit(random.Pick([CommitFate.StopsBefore, CommitFate.StopsIn, CommitFate.StopsAfter]));
        }

        if (plan.StopsPerMillion > 0 && random.Below(1_000_000) < plan.StopsPerMillion) _world.BeginStop();

        if (plan.OutagesPerMillion == 0) return;
        if (!_world.IsDiskFailing && random.Below(1_000_000) < plan.OutagesPerMillion) SetDisk(isFailing: true);
        else if (_world.IsDiskFailing && random.Chance(5)) SetDisk(isFailing: false);
    }

    private void SetDisk(bool isFailing)
    {
        _world.IsDiskFailing = isFailing;
        _world.Note(-1, 0, isFailing ? "== the disk fails" : "== the disk works again");
    }

    private void Pass()
    {
        var random = _world.Random;
        var choice = random.Below(100);
        _world.Advance(choice < 70 ? random.Between(1, 250) : choice < 97 ? random.Between(250, 3000) : random.Between(3000, 30_000));
    }

    private bool Work()
    {
        var work = _world.Machine.Work;
        if (work.Count == 0) return false;

        _world.Run(() => work.Run(_world.Random.Below(work.Count)));
        return true;
    }

    private bool Commit()
    {
        var commits = _world.Machine.Commits;
        if (!commits.IsDue) return false;

        _world.Run(commits.RunNext);
        DiskAudit.CheckMessages(_world);
        return true;
    }

    private bool Deliver(bool isWhole)
    {
        if (Find(wire => wire.HasUnderWay) is not { } wire) return false;

        var count = isWhole || _world.Random.Chance(500) ? int.MaxValue : _world.Random.Between(1, Math.Max(1, wire.UnderWay));
        _world.Run(() => wire.Deliver(count));
        return true;
    }

    private bool Receive(bool isWhole)
    {
        var random = _world.Random;
        var first = random.Below(_clients.Count);
        for (var i = 0; i < _clients.Count; i++)
        {
            var client = _clients[(first + i) % _clients.Count];
            if (client.Link is not { HasEnded: false } link || !link.Wire.HasNews()) continue;

            _world.Run(() => client.Read(isWhole || random.Chance(500) ? int.MaxValue : random.Between(1, 200)));
            return true;
        }

        return false;
    }

    private Wire? Find(Func<Wire, bool> isWanted)
    {
        var wires = _world.Wires;
        wires.RemoveAll(wire => wire is { IsServed: true, IsClosed: true });
        var first = _world.Random.Below(wires.Count);
        for (var i = 0; i < wires.Count; i++)
        {
            var wire = wires[(first + i) % wires.Count];
            if (isWanted(wire)) return wire;
        }

        return null;
    }

    private void RestartIfStopped()
    {
        _world.EndStop();
        if (!_world.HasStopped) return;

        // Nobody but the clients has anything of the dead machine's connections.
        _world.Wires.Clear();
        _world.Restart();
    }

    /// <summary>One piece of whatever there is to do; false when there is nothing.</summary>
    private bool DrainStep()
    {
        _world.NextStep();
        // Work that only waits for the disk must not keep the disk from coming to its time.
        if (_world.Machine.Commits is { Count: > 0, IsDue: false } && _world.Random.Chance(50)) _world.Advance(_world.Random.Between(1, 250));

        // Each of them comes first at times, so that none can keep another from its turn.
        var first = _world.Random.Below(4);
        var hasDone = false;
        for (var i = 0; i < 4 && !hasDone; i++)
        {
            hasDone = ((first + i) % 4) switch
            {
                0 => Receive(isWhole: true),
                1 => Deliver(isWhole: true),
                2 => Work(),
                _ => Commit(),
            };
        }

        RestartIfStopped();
        return hasDone;
    }

    private void Drain()
    {
        _world.Note(-1, 0, "== all clients come back");
        _world.StopAtNextCommit(CommitFate.Succeeds);
        if (_world.IsDiskFailing) SetDisk(isFailing: false);

        var steps = 0;
        for (var quietTicks = 0; quietTicks < QuietSeconds * 4;)
        {
            if (++steps > DrainStepsMax) throw new ViolationException("quiet", "The world does not become quiet: work goes on and on.", []);

            foreach (var client in _clients.Where(client => client.HasEverConnected)) _world.Run(client.Drain);

            if (DrainStep())
            {
                quietTicks = 0;
                continue;
            }

            quietTicks++;
            _world.Advance(250);
        }

        var restless = _clients.Where(client => client.HasEverConnected && !client.IsQuiet).Select(client => client.Number).ToList();
        if (restless.Count > 0) throw new ViolationException("quiet", $"Nothing happens any more, but {string.Join(", ", restless.Select(number => $"c{number}"))} wait for an answer.", restless);
    }

    /// <summary>Somebody new subscribes to everything and must get, for each topic, the retained message that it must have; then he clears them all.</summary>
    private void CheckRetained()
    {
        var auditor = new SimulatedClient(_world, _clients.Count);
        _clients.Add(auditor);
        _world.Run(() => auditor.Connect(isCalm: true, isClean: true));
        Settle();
        var step = _world.NextStep();
        _world.Run(auditor.SubscribeToAll);
        Settle();
        foreach (var topic in _world.Model.Retained.Topics)
        {
            var (possible, mayBeNone) = _world.Model.Retained.At(topic, step);
            var found = auditor.Link!.Retained.GetValueOrDefault(topic);
            if (found == 0 ? mayBeNone : possible.Any(message => message.Number == found)) continue;

            var right = string.Join(" or ", possible.Select(message => message.ToString()));
            throw new ViolationException("retained", $"The retained message of {topic} is {(found == 0 ? "gone" : $"m{found}")}; right would be {right}.", [], possible[^1].Number);
        }

        foreach (var topic in _world.Model.Retained.Topics)
        {
            _world.Run(() => auditor.Clear(topic));
            Settle();
        }

        var left = _world.Machine.Broker.Context.Retained.Count;
        if (left > 0) throw new ViolationException("limit", $"{left} retained messages are left although all were cleared.", []);
    }

    /// <summary>Ends all sessions; nothing may be left, in memory or on the disk.</summary>
    private void CleanUp()
    {
        foreach (var client in _clients.Where(client => client.HasEverConnected))
        {
            _world.Run(client.Leave);
            Settle();
            _world.Run(() => client.Connect(isCalm: true, isClean: true));
            Settle();
            _world.Run(client.Leave);
            Settle();
        }

        var sessions = _world.Machine.Broker.Context.Sessions;
        if (sessions.Count.Total != 0) throw new ViolationException("limit", $"{sessions.Count.Total} sessions are left although all have ended.", []);

        DiskAudit.CheckEmpty(_world);
    }

    private void Settle()
    {
        for (var quietTicks = 0; quietTicks < 16;)
        {
            if (DrainStep()) continue;

            quietTicks++;
            _world.Advance(250);
        }
    }
}
