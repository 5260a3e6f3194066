using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// What is received. While the reader waits it holds no buffer, but for the beginning of a packet whose rest has not come.
/// </summary>
internal sealed class EpollInput(EpollConnection connection) : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>Full buffers that are read from one connection before others have their turn.</summary>
    public const int ReadsAtATimeMax = 4;

    private Waiter _waiter;
    private byte[] _buffer = [];
    private int _start;
    private int _examined;
    private int _end;
    private int _reads;
    private bool _isCanceled;

    /// <summary>Whether the peer's end was read.</summary>
    public bool HasEnded { get; private set; }

    /// <inheritdoc/>
    /// <remarks>A cancelled token is seen before the wait; <see cref="CancelPendingRead"/> ends it.</remarks>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_reads >= ReadsAtATimeMax)
        {
            _reads = 0;
            var turn = _waiter.Begin();
            connection.YieldInput();
            return new ValueTask<ReadResult>(this, turn);
        }

        if (TryRead(out var result)) return new ValueTask<ReadResult>(result);

        _reads = 0;
        GiveBackSpace();
        var token = _waiter.Begin();
        while (!connection.TryWait(EpollFlags.InputWaits, EpollFlags.Readable | EpollFlags.ReadCanceled))
        {
            if (TryRead(out result)) return new ValueTask<ReadResult>(result);
        }

        return new ValueTask<ReadResult>(this, token);
    }

    public override bool TryRead(out ReadResult result)
    {
        var isThere = TryFill();
        result = isThere ? Result : default;
        return isThere;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = consumed.GetInteger();
        _examined = examined.GetInteger();
        if (_start == _end) GiveBack();
    }

    public override void CancelPendingRead()
    {
        connection.Set(EpollFlags.ReadCanceled);
        if (connection.TryTake(EpollFlags.InputWaits)) GoOn();
    }

    public override void Complete(Exception? exception = null) => GiveBack();

    /// <summary>Called by whoever took the waiting flag down: the reader goes on, inline.</summary>
    public void GoOn()
    {
        while (!TryFill())
        {
            GiveBackSpace();
            if (connection.TryWait(EpollFlags.InputWaits, EpollFlags.Readable | EpollFlags.ReadCanceled)) return;
        }

        _waiter.Complete();
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        _waiter.Check(token);
        return Result;
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiter.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state, token);

    private ReadResult Result => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), _isCanceled, HasEnded);

    /// <summary>Whether there is something for the reader, if only a cancellation.</summary>
    private bool TryFill()
    {
        _isCanceled = connection.TryTake(EpollFlags.ReadCanceled);
        return _isCanceled || _examined < _end || HasEnded || TryReceive();
    }

    /// <summary>Receives once; true when something came, be it the end.</summary>
    private bool TryReceive()
    {
        while (connection.TryTake(EpollFlags.Readable))
        {
            MakeRoom();
            var room = _buffer.AsSpan(_end);
            var received = connection.Receive(room);
            if (received < 0) continue;

            if (received == 0)
            {
                HasEnded = true;
                return true;
            }

            _end += received;
            if (received < room.Length && !connection.HasPeerEnded) return true;

            // There may be more, of which no event will tell.
            _reads++;
            connection.Set(EpollFlags.Readable);
            return true;
        }

        return false;
    }

    /// <summary>Room for at least half a buffer; what is there moves to the front, or into a larger array.</summary>
    private void MakeRoom()
    {
        var length = _end - _start;
        if (_buffer.Length - _end >= EpollBuffers.Size / 2) return;

        var buffer = length <= EpollBuffers.Size / 2 ? EpollBuffers.Rent() : ArrayPool<byte>.Shared.Rent(length * 2);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        Replace(buffer, length);
    }

    /// <summary>Before a wait: the beginning of a packet is kept in an array of its size.</summary>
    private void GiveBackSpace()
    {
        var length = _end - _start;
        if (length == 0) GiveBack();
        if (_buffer.Length <= Math.Max(2 * length, 1024)) return;

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        Replace(buffer, length);
    }

    private void Replace(byte[] buffer, int length)
    {
        var examined = _examined - _start;
        GiveBack();
        _buffer = buffer;
        _examined = examined;
        _end = length;
    }

    private void GiveBack()
    {
        if (_buffer.Length == EpollBuffers.Size) EpollBuffers.Return(_buffer);
        else if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);

        _buffer = [];
        _start = _examined = _end = 0;
    }
}
