using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Avocet.Broker.Connections;

/// <summary>A duplex pipe as a transport: TLS, WebSocket, in memory.</summary>
internal sealed class PipeTransport : ITransport
{
    private readonly IDuplexPipe _pipe;
    private readonly TaskCompletionSource<bool> _ended = new();
    private readonly Action _onRead;
    private ValueTaskAwaiter<ReadResult> _read;
    private bool _isRead;
    private IReadWaiter? _waiter;

    public PipeTransport(IDuplexPipe pipe, ConnectionOrigin origin)
    {
        Origin = origin;
        _pipe = pipe;
        _onRead = () => _waiter!.OnReadable();
    }

    public ConnectionOrigin Origin { get; }

    public PipeWriter Output => _pipe.Output;

    /// <summary>Completes when the connection is over, on the stack of what ends it; true if the client said that it goes.</summary>
    public Task<bool> Ended => _ended.Task;

    [SuppressMessage("Reliability", "CA2012", Justification = "It is consumed once: by whoever the continuation calls, or at once.")]
    [SuppressMessage("Usage", "VSTHRD002", Justification = "It is complete.")]
    public bool TryRead(IReadWaiter waiter, out ReadResult result)
    {
        if (!_isRead)
        {
            _read = _pipe.Input.ReadAsync().GetAwaiter();
            _isRead = true;
            if (!_read.IsCompleted)
            {
                _waiter = waiter;
                result = default;
                // From here on another thread may be reading.
                _read.UnsafeOnCompleted(_onRead);
                return false;
            }
        }

        _isRead = false;
        result = _read.GetResult();
        return true;
    }

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _pipe.Input.AdvanceTo(consumed, examined);

    public void CancelPendingRead() => _pipe.Input.CancelPendingRead();

    public async ValueTask CompleteAsync()
    {
        try
        {
            await _pipe.Output.CompleteAsync();
        }
        finally
        {
            await _pipe.Input.CompleteAsync();
        }
    }

    public void End(bool isPeerGone) => _ended.TrySetResult(isPeerGone);
}
