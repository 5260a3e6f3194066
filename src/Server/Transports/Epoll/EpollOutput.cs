using System.Buffers;
using System.IO.Pipelines;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// What is to be sent, gathered in one array until it is flushed. A flush sends at once, on the thread that flushes; what the socket does not take then is
/// sent when it reports room. A base class, for it has to be a <see cref="PipeWriter"/>, and an object of its own would be one more for each connection.
/// </summary>
internal abstract class EpollOutput : PipeWriter
{
    private const int SizeMin = 1024;

    /// <summary>Of both directions.</summary>
    public EpollFlags Flags;

    private FlushWait? _wait;
    private byte[] _buffer = [];
    private int _sent;
    private int _length;
    private int _lastLength;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override void Advance(int bytes) => _length += bytes;

    /// <inheritdoc/>
    /// <remarks>A cancelled token is seen before the wait; <see cref="CancelPendingFlush"/> ends it.</remarks>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TrySend(out var result)) return new ValueTask<FlushResult>(result);

        // A socket that has room for everything never needs one.
        var wait = _wait ??= new FlushWait();
        var token = wait.Begin();
        while (!Flags.TryWait(EpollFlags.OutputWaits, EpollFlags.Writable | EpollFlags.FlushCanceled))
        {
            if (TrySend(out result)) return new ValueTask<FlushResult>(result);
        }

        return new ValueTask<FlushResult>(wait, token);
    }

    public override void CancelPendingFlush()
    {
        Flags.Set(EpollFlags.FlushCanceled);
        if (Flags.TryTake(EpollFlags.OutputWaits)) GoOn();
    }

    /// <inheritdoc/>
    /// <remarks>A flush may be under way in another thread, so that the buffer is left to the garbage collector where it was not sent.</remarks>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Called by whoever took the waiting flag down: the flush goes on, inline.</summary>
    protected void GoOn()
    {
        FlushResult result;
        while (!TrySend(out result))
        {
            if (Flags.TryWait(EpollFlags.OutputWaits, EpollFlags.Writable | EpollFlags.FlushCanceled)) return;
        }

        _wait!.Complete(result);
    }

    /// <summary>The bytes that were taken; -1 when there is no room now, -2 when the connection is lost.</summary>
    protected abstract int Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends what is there; false when the socket has no room for it now.</summary>
    private bool TrySend(out FlushResult result)
    {
        result = default;
        var isSure = false;
        while (_sent < _length)
        {
            var sent = Send(_buffer.AsSpan(_sent, _length - _sent));
            if (sent >= 0)
            {
                _sent += sent;
                continue;
            }

            if (sent == -2 || Flags.TryTake(EpollFlags.FlushCanceled))
            {
                result = new FlushResult(isCanceled: sent != -2, isCompleted: sent == -2);
                return true;
            }

            // The flag is taken down before the attempt which decides that there is no room.
            if (isSure) return false;

            isSure = true;
            Flags.TryTake(EpollFlags.Writable);
        }

        _lastLength = _length;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _sent = _length = 0;
        return true;
    }

    private void MakeRoom(int size)
    {
        if (_buffer.Length - _length >= Math.Max(size, 1)) return;

        // As much as was needed last time is likely to be needed again.
        var wanted = _length == 0 ? Math.Max(Math.Max(_lastLength, size), SizeMin) : (int)Math.Min(Array.MaxLength, Math.Max(_length * 2L, _length + (long)size));
        var buffer = ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(0, _length).CopyTo(buffer);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
    }
}
