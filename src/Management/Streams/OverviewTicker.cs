namespace Avocet.Management.Streams;

/// <summary>One reading a second for all that listen, made only while somebody does.</summary>
/// <param name="read">Makes the reading, as JSON.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class OverviewTicker(Func<string> read, TimeProvider timeProvider)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource<string> _next = New();
    private ITimer? _timer;
    private int _listeners;

    /// <summary>Whether readings are made at present.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate) return _timer is not null;
        }
    }

    /// <summary>Begins to listen, until what is returned is disposed.</summary>
    public IDisposable Listen()
    {
        lock (_gate)
        {
            if (_listeners++ == 0) _timer = timeProvider.CreateTimer(_ => Tick(), null, Period, Period);
        }

        return new Listener(this);
    }

    /// <summary>The reading of now, for whoever begins.</summary>
    public string Read() => read();

    /// <summary>The next reading.</summary>
    public Task<string> NextAsync()
    {
        lock (_gate) return _next.Task;
    }

    private void Tick()
    {
        TaskCompletionSource<string> due;
        lock (_gate)
        {
            if (_timer is null) return;

            (due, _next) = (_next, New());
        }

        due.TrySetResult(read());
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_listeners > 0) return;

            _timer?.Dispose();
            _timer = null;
        }
    }

    private static TaskCompletionSource<string> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Listener(OverviewTicker ticker) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0) ticker.Leave();
        }
    }
}
