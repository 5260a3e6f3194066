using System.IO.Pipelines;

namespace Avocet.Broker.Tests;

/// <summary>Keeps the broker's later slices of work until the test lets them run.</summary>
internal sealed class QueuedScheduler : PipeScheduler
{
    private readonly Queue<(Action<object?> Action, object? State)> _work = new();

    /// <summary>Whether work runs as it comes from now on.</summary>
    public bool RunsAtOnce { get; set; }

    public override void Schedule(Action<object?> action, object? state)
    {
        if (RunsAtOnce) action(state);
        else _work.Enqueue((action, state));
    }

    /// <summary>Runs what there is and what comes of it, until nothing is left.</summary>
    public void RunAll()
    {
        while (TryRunOne())
        {
            // One slice at a time.
        }
    }

    public bool TryRunOne()
    {
        if (!_work.TryDequeue(out var item)) return false;

        item.Action(item.State);
        return true;
    }
}
