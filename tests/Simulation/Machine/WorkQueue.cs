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
    private readonly List<Arrival> _arrivals = [];
    private readonly int _owner = Environment.CurrentManagedThreadId;
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
            if (_isDead) return;

            var thread = Environment.CurrentManagedThreadId;
            if (thread == _owner) _work.Add((action, state));
            else _arrivals.Add(new Arrival(action, state, thread));
        }
    }

    /// <summary>Gives what the calling thread of .NET's pool has just brought its place among the others.</summary>
    public void SetOrder(int order)
    {
        var thread = Environment.CurrentManagedThreadId;
        lock (_gate)
        {
            if (_arrivals.FindLast(arrival => arrival.Thread == thread && arrival.Order == 0) is { } arrival) arrival.Order = order;
        }
    }

    /// <summary>Takes over what came from .NET's pool, in an order that does not depend on it.</summary>
    public void TakeArrivals()
    {
        lock (_gate)
        {
            foreach (var arrival in _arrivals.OrderBy(arrival => arrival.Order)) _work.Add((arrival.Action, arrival.State));

            _arrivals.Clear();
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

    private sealed class Arrival(Action<object?> action, object? state, int thread)
    {
        public Action<object?> Action => action;

        public object? State => state;

        public int Thread => thread;

        public int Order { get; set; }
    }

    private sealed class QueueContext(WorkQueue queue) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => queue.Schedule(state => d(state), state);

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody may wait for another thread.");
    }
}
