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

    private readonly Lock _gate = new();
    private readonly Queue<(Action<object?> Action, object? State)> _waiting = [];
    private readonly SemaphoreSlim _work = new(0);
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
        }

        _work.Release();
    }

    /// <summary>Does what is waiting, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isEnding) return;

            _isEnding = true;
        }

        _work.Release();
        // Work that ends its own thread cannot wait for that.
        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            _work.Wait();
            (Action<object?> Action, object? State) next;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out next)) break;
            }

            RunOne(next.Action, next.State);
        }

        _work.Dispose();
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
