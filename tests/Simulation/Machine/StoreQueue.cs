using System.IO.Pipelines;

namespace Avocet.Simulation.Machine;

/// <summary>The thread on which the broker commits: work waits until the simulated disk gets to it, and runs one after the other.</summary>
internal sealed class StoreQueue(Func<long> now, Func<int> delay) : PipeScheduler
{
    private readonly Queue<(Action<object?> Action, object? State, long DueAt)> _work = new();
    private bool _isDead;
    private bool _isRunning;

    public int Count => _work.Count;

    public bool IsDue => !_isRunning && _work.TryPeek(out var first) && first.DueAt <= now();

    public override void Schedule(Action<object?> action, object? state)
    {
        if (!_isDead) _work.Enqueue((action, state, now() + delay()));
    }

    public void RunNext()
    {
        var (action, state, _) = _work.Dequeue();
        _isRunning = true;
        try
        {
            action(state);
        }
        finally
        {
            _isRunning = false;
        }
    }

    public void Die()
    {
        _isDead = true;
        _work.Clear();
    }
}
