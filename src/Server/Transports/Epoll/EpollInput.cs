using System.Buffers;
using System.IO.Pipelines;
using Avocet.Broker;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// The receiving side of a connection. While the reader waits it holds no buffer, but for the beginning of a packet whose rest has not come. One reader at a
/// time. A field, never copied.
/// </summary>
internal struct EpollInput()
{
    /// <summary>Full buffers that are read from one connection before others have their turn.</summary>
    public const int ReadsAtATimeMax = 4;

    private IReadWaiter? _waiter;
    private byte[] _buffer = [];
    private int _start;
    private int _examined;
    private int _end;
    private byte _reads;
    private bool _isCanceled;

    /// <summary>Whether the peer's end was read.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Takes what is there; false when the waiter will be called.</summary>
    public bool TryRead(EpollConnection connection, IReadWaiter waiter, out ReadResult result)
    {
        result = default;
        _waiter = waiter;
        if (_reads >= ReadsAtATimeMax)
        {
            _reads = 0;
            connection.YieldInput();
            return false;
        }

        if (!TryFill(connection))
        {
            _reads = 0;
            do
            {
                GiveBackSpace();
                // From here on another thread may be reading.
                if (connection.Flags.TryWait(EpollFlags.InputWaits, EpollFlags.Readable | EpollFlags.ReadCanceled)) return false;
            }
            while (!TryFill(connection));
        }

        result = new ReadResult(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), _isCanceled, HasEnded);
        return true;
    }

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _start = consumed.GetInteger();
        _examined = examined.GetInteger();
        if (_start == _end) GiveBack();
    }

    /// <summary>Called by whoever took the waiting flag down: the reader goes on, inline.</summary>
    public readonly void GoOn() => _waiter!.OnReadable();

    /// <summary>Nobody reads any more.</summary>
    public void Complete() => GiveBack();

    /// <summary>Whether there is something for the reader, if only a cancellation.</summary>
    private bool TryFill(EpollConnection connection)
    {
        _isCanceled = connection.Flags.TryTake(EpollFlags.ReadCanceled);
        return _examined < _end || HasEnded || TryReceive(connection) || _isCanceled;
    }

    /// <summary>Receives once; true when something came, be it the end.</summary>
    private bool TryReceive(EpollConnection connection)
    {
        while (connection.Flags.TryTake(EpollFlags.Readable))
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
            if (received < room.Length && !connection.Flags.Has(EpollFlags.PeerEnded)) return true;

            // There may be more, of which no event will tell.
            _reads++;
            connection.Flags.Set(EpollFlags.Readable);
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
