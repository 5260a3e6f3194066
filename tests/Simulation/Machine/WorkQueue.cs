using System.IO.Pipelines;

namespace Avocet.Simulation.Machine;

/// <summary>
/// Work that somebody wants done soon, and not on his own stack. The simulation decides when, and which comes first. It stands in for the thread
/// pool, both as a scheduler and as a synchronization context.
/// </summary>
internal sealed class WorkQueue : PipeScheduler
{
    private readonly Lock _gate = new();
    private readonly List<(Action<object?> Action, object? State)> _work = [];
    private bool _isDead;

    public WorkQueue() => Context = new QueueContext(this);

    public SynchronizationContext Context { get; }

    public int Count
    {
        get
        {
            lock (_gate) return _work.Count;
        }
    }

    public override void Schedule(Action<object?> action, object? state)
    {
        lock (_gate)
        {
            if (!_isDead) _work.Add((action, state));
        }
    }

    /// <summary>Does one piece of work.</summary>
    public void Run(int number)
    {
        (Action<object?> Action, object? State) work;
        lock (_gate)
        {
            work = _work[number];
            _work.RemoveAt(number);
        }

        work.Action(work.State);
    }

    /// <summary>The machine has lost its power.</summary>
    public void Die()
    {
        lock (_gate)
        {
            _isDead = true;
            _work.Clear();
        }
    }

    private sealed class QueueContext(WorkQueue queue) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => queue.Schedule(state => d(state), state);

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody may wait for another thread.");
    }
}
