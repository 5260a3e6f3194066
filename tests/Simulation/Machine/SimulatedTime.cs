using System.Reflection;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Simulation.Machine;

/// <summary>
/// The clock of one machine: the fake clock of the whole run, with timers that die with the machine. It also knows of the only work that .NET
/// takes to the thread pool by itself (see <see cref="AwaitHops"/>).
/// </summary>
internal sealed class SimulatedTime(FakeTimeProvider clock, WorkQueue work) : TimeProvider
{
    private readonly List<MachineTimer> _waits = [];
    private int _timers;

    public bool IsDead { get; private set; }

    private WorkQueue Work => work;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new MachineTimer(this, ++_timers, callback, state);
        timer.Inner = clock.CreateTimer(static timer => ((MachineTimer)timer!).Fire(), timer, dueTime, period);
        // Task.WaitAsync gives its own promise as the state.
        if (state is Task) _waits.Add(timer);

        return timer;
    }

    /// <summary>The machine has lost its power: nothing happens on it any more.</summary>
    public void Die() => IsDead = true;

    /// <summary>
    /// Where a completion source runs its continuations asynchronously and somebody waits for it by Task.WaitAsync, .NET takes the completion to the
    /// thread pool before it comes to the synchronization context. The simulation stands still until it has come, and puts what came into the order
    /// of the waits: then the run depends neither on when that was nor on which thread was first.
    /// </summary>
    public void AwaitHops()
    {
        for (var i = _waits.Count - 1; i >= 0; i--)
        {
            var wait = _waits[i];
            if (!wait.IsDisposed && WaitedFor.Of((Task)wait.State!).IsCompleted) SpinWait.SpinUntil(() => wait.IsDisposed);
            if (wait.IsDisposed) _waits.RemoveAt(i);
        }

        work.TakeArrivals();
    }

    private static class WaitedFor
    {
        private static FieldInfo? _field;

        /// <summary>The task that a promise of Task.WaitAsync waits for. Private to .NET; should it ever change, this fails and says so.</summary>
        public static Task Of(Task promise)
        {
            _field ??= FindField(promise.GetType());
            return (Task)_field.GetValue(promise)!;
        }

        private static FieldInfo FindField(Type type)
        {
            var candidates = type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            return candidates.SingleOrDefault(candidate => candidate.FieldType == typeof(Task))
                ?? throw new NotSupportedException($"{type} has changed: the task that Task.WaitAsync waits for is not found.");
        }
    }

    private sealed class MachineTimer(SimulatedTime owner, int number, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool _isDisposed;

        public ITimer? Inner { get; set; }

        public object? State => state;

        public bool IsDisposed => _isDisposed;

        public void Fire()
        {
            if (!owner.IsDead && !_isDisposed) callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => Inner!.Change(dueTime, period);

        public void Dispose()
        {
            Inner!.Dispose();
            owner.Work.SetOrder(number);
            _isDisposed = true;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
