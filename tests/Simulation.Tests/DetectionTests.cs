using Avocet.Broker.Storage;
using Avocet.Simulation.Disk;
using Xunit;

namespace Avocet.Simulation.Tests;

/// <summary>A check that never fails checks nothing: each of these brokers has something wrong with it, and the simulation has to find it.</summary>
public sealed class DetectionTests
{
    private const int SeedsMax = 60;

    [Fact]
    public void Store_that_drops_what_it_said_it_had_synced_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true), world => new ForgetfulStore(world), "lost", "session", "right", "once", "disk", "retained", "quiet");

    [Fact]
    public void Store_that_loses_queued_messages_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true), world => new LossyStore(world, StoreTable.Queue), "lost");

    [Fact]
    public void Store_that_loses_subscriptions_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true), world => new LossyStore(world, StoreTable.Subscriptions), "lost");

    [Fact]
    public void Store_that_loses_retained_messages_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true), world => new LossyStore(world, StoreTable.Retained), "retained");

    [Fact]
    public void Store_that_loses_received_identifiers_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true), world => new LossyStore(world, StoreTable.Received), "once");

    [Fact]
    public void Store_that_keeps_what_it_refused_is_found() =>
        AssertFound(seed => RunPlan.Of(seed, mayCrash: true) with { CrashesPerMillion = 3000, OutagesPerMillion = 3000 }, world => new LyingStore(world), "refused");

    [Fact]
    public void Broker_that_answers_before_it_has_written_is_found() =>
        AssertFound(
            seed =>
            {
                var plan = RunPlan.Of(seed, mayCrash: true);
                return plan with { Options = plan.Options with { Durability = Broker.Durability.None } };
            },
            null,
            "session");

    [Fact]
    public void Queues_that_overflow_are_found() =>
        AssertFound(
            seed =>
            {
                var plan = RunPlan.Of(seed, mayCrash: false);
                return plan with { HasTinyQueues = false, Options = plan.Options with { QueueMessagesMax = 2, QueueOverflow = Broker.QueueOverflow.DropOldest } };
            },
            null,
            "lost");

    [Fact]
    public void Sessions_that_end_too_early_are_found() =>
        AssertFound(
            seed =>
            {
                var plan = RunPlan.Of(seed, mayCrash: false);
                return plan with { Options = plan.Options with { SessionExpiryMaxSeconds = 5 } };
            },
            null,
            "session");

    private static void AssertFound(Func<ulong, RunPlan> planOf, Func<SimulatedWorld, SimulatedStore>? openStore, params string[] rules)
    {
        for (var seed = 1ul; seed <= SeedsMax; seed++)
        {
            var result = new SimulationRun(planOf(seed), openStore).Run();
            if (result.Violation is not { } violation || !rules.Contains(violation.Rule)) continue;

            // It must be the defect that was found.
            if (new SimulationRun(RunPlan.Of(seed, planOf(seed).IsDurable)).Run().IsGood) return;
        }

        Assert.Fail($"{SeedsMax} seeds did not find it.");
    }

    /// <summary>Says that a batch is synced and has not even written it, now and then.</summary>
    private sealed class ForgetfulStore(SimulatedWorld world) : SimulatedStore(world.Disk, world.NextFate, world.Stop)
    {
        private int _commits;

        public override void Commit(StoreBatch batch, bool sync) => base.Commit(++_commits % 10 == 0 ? new StoreBatch() : batch, sync);
    }

    /// <summary>Writes what it says it could not.</summary>
    private sealed class LyingStore(SimulatedWorld world) : SimulatedStore(world.Disk, world.NextFate, world.Stop)
    {
        public override void Commit(StoreBatch batch, bool sync)
        {
            var failed = Counts.Failed;
            try
            {
                base.Commit(batch, sync);
            }
            catch (StoreException)
            {
                if (Counts.Failed > failed && !IsAhead) Disk.Apply(batch, sync);
                throw;
            }
        }
    }

    /// <summary>Loses some of what is put into one table.</summary>
    private sealed class LossyStore(SimulatedWorld world, StoreTable table) : SimulatedStore(world.Disk, world.NextFate, world.Stop)
    {
        private int _puts;

        public override void Commit(StoreBatch batch, bool sync)
        {
            var rest = new StoreBatch();
            foreach (var change in batch)
            {
                if (change.Kind == StoreChangeKind.Delete) rest.Delete(change.Table, change.Key);
                else if (change.Kind == StoreChangeKind.DeleteRange) rest.DeleteRange(change.Table, change.Key, change.Value);
                else if (change.Table != table || ++_puts % 3 != 0) rest.Put(change.Table, change.Key, change.Value);
            }

            base.Commit(rest, sync);
        }
    }
}
