using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Avocet.Server.Transports.Epoll;

/// <summary>A flush that waits for room, one at a time; whoever waits goes on inline, without a context.</summary>
internal sealed class FlushWait : IValueTaskSource<FlushResult>
{
    private Waiter _waiter;
    private FlushResult _result;

    /// <summary>Begins a wait; the token tells it from others.</summary>
    public short Begin() => _waiter.Begin();

    public void Complete(FlushResult result)
    {
        _result = result;
        _waiter.Complete();
    }

    public FlushResult GetResult(short token)
    {
        _waiter.Check(token);
        return _result;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _waiter.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token);
}
