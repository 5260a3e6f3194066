using System.Threading.Tasks.Sources;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// One caller who waits for one thing at a time: what a <see cref="IValueTaskSource"/> has to remember, and no more, for there are two for each
/// connection. The result is its owner's; whoever waits goes on inline, without a context. A field, never copied.
/// </summary>
internal struct Waiter
{
    private static readonly Action<object?> Completed = static _ => { };

    private Action<object?>? _continuation;
    private object? _state;
    private short _token;

    /// <summary>Begins a wait; the token tells it from others.</summary>
    public short Begin()
    {
        _continuation = null;
        _state = null;
        return ++_token;
    }

    /// <summary>Ends the wait; who waits goes on here and now, and may begin the next one.</summary>
    public void Complete()
    {
        if (Interlocked.Exchange(ref _continuation, Completed) is { } continuation) continuation(_state);
    }

    public readonly ValueTaskSourceStatus GetStatus(short token)
    {
        Check(token);
        return Volatile.Read(in _continuation) == Completed ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;
    }

    public void OnCompleted(Action<object?> continuation, object? state, short token)
    {
        Check(token);
        _state = state;
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is null) return;

        // The wait has ended since it began. Not inline: the caller is not yet where it can go on.
        ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
    }

    /// <summary>Called before the result is given.</summary>
    public readonly void Check(short token)
    {
        if (token != _token) throw new InvalidOperationException("This wait is over.");
    }
}
