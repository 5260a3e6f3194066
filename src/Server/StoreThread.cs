using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>
/// The thread on which the broker commits to its store: to wait for the medium there holds up no connection. Its owner ends it, after the broker.
/// </summary>
public sealed class StoreThread : PipeScheduler, IDisposable
{
    /// <summary>The broker has one commit scheduled at a time, so that more than this can only be a mistake.</summary>
    private const int WaitingMax = 1024;

    // A monitor, for it waits without spinning: between two commits there is nothing to do, and a spin costs more than the wake-up it saves.
    private readonly object _gate = new();
    private readonly Queue<(Action<object?> Action, object? State)> _waiting = [];
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private bool _isEnding;

    public StoreThread(ILogger logger)
    {
        _logger = logger;
        _thread = new Thread(Run) { Name = "Avocet store", IsBackground = true };
        _thread.Start();
    }

    /// <exception cref="ObjectDisposedException">The thread was ended.</exception>
    /// <exception cref="InvalidOperationException">Too much is waiting.</exception>
    public override void Schedule(Action<object?> action, object? state)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isEnding, this);
            if (_waiting.Count == WaitingMax) throw new InvalidOperationException($"More than {WaitingMax} pieces of work wait for the store's thread.");

            _waiting.Enqueue((action, state));
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Does what is waiting, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isEnding) return;

            _isEnding = true;
            Monitor.Pulse(_gate);
        }

        // Work that ends its own thread cannot wait for that.
        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    private void Run()
    {
        while (TryWaitForWork(out var next)) RunOne(next.Action, next.State);
    }

    /// <summary>False at the end.</summary>
    private bool TryWaitForWork(out (Action<object?> Action, object? State) next)
    {
        lock (_gate)
        {
            while (!_waiting.TryDequeue(out next))
            {
                if (_isEnding) return false;

                Monitor.Wait(_gate);
            }

            return true;
        }
    }

    private void RunOne(Action<object?> action, object? state)
    {
        try
        {
            action(state);
        }
#pragma warning disable CA1031 // The broker answers for what its store does; anything else is our mistake, which must not end all commits without a word.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.StoreWorkFailed(_logger, exception);
        }
    }
}
