using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Avocet.Broker;

namespace Avocet.Simulation.Network;

/// <summary>
/// A network connection: bytes on their way to the broker, which the simulation delivers in pieces, and bytes which the client has not read. It can
/// be cut anywhere, in both directions.
/// </summary>
internal sealed class Wire
{
    private readonly Pipe _toBroker;
    private readonly Pipe _toClient;
    private readonly List<byte> _underWay = [];
    private byte[]? _lastBytes;
    private int _lastRead;
    private bool _endsInOrder;
    private bool _isClosed;

    /// <param name="number">Its number in the run, from 1: the client's port too.</param>
    /// <param name="scheduler">Where the pipes go on; inline, or where the simulation decides.</param>
    /// <param name="bufferSize">Bytes that the client leaves unread before the broker has to wait.</param>
    /// <param name="onFlush">Called after each flush of the broker.</param>
    public Wire(int number, PipeScheduler scheduler, int bufferSize, Action onFlush)
    {
        Number = number;
        _toBroker = new Pipe(new PipeOptions(readerScheduler: scheduler, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
        _toClient = new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: scheduler, pauseWriterThreshold: bufferSize, resumeWriterThreshold: bufferSize / 2, useSynchronizationContext: false));
        BrokerSide = new Side(_toBroker.Reader, new WireOutput(_toClient.Writer, onFlush));
    }

    public int Number { get; }

    public IDuplexPipe BrokerSide { get; }

    public ConnectionOrigin Origin => new() { Listener = Listener, RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, Number) };

    /// <summary>Whether there is something to bring to the broker: bytes, or the end behind them.</summary>
    public bool HasUnderWay => !_isClosed && _lastBytes is null && (_underWay.Count > 0 || _endsInOrder);

    public int UnderWay => _underWay.Count;

    /// <summary>Whether the broker does nothing more for it.</summary>
    public bool IsServed { get; set; }

    public bool IsClosed => _isClosed;

    private static ListenerPolicy Listener { get; } = new() { Name = "sim", AllowAnonymous = true };

    public void Send(ReadOnlySpan<byte> bytes) => _underWay.AddRange(bytes);

    /// <summary>Brings some of the bytes to the broker, or the end.</summary>
    public void Deliver(int count)
    {
        if (_underWay.Count > 0)
        {
            count = Math.Min(count, _underWay.Count);
            var bytes = _underWay.GetRange(0, count).ToArray();
            _underWay.RemoveRange(0, count);
            _toBroker.Writer.Write(bytes);
            Flush();
        }

        if (_underWay.Count == 0 && _endsInOrder) Close(isReset: false);
    }

    /// <summary>The client has sent its last byte and closes; what is under way arrives.</summary>
    public void EndInOrder() => _endsInOrder = true;

    /// <summary>The connection is gone for both sides; what is under way is lost.</summary>
    public void Close(bool isReset)
    {
        if (_isClosed) return;

        _isClosed = true;
        _underWay.Clear();
        if (_lastBytes is not null) return;

        _toBroker.Writer.Complete(isReset ? new IOException("The connection was reset by the peer.") : null);
        _toClient.Reader.Complete();
    }

    /// <summary>What the client reads next, at most so many bytes; null at the end. Empty when there is nothing yet.</summary>
    public byte[]? Read(int count)
    {
        if (_lastBytes is not null) return ReadLast(count);
        if (_isClosed) return null;
        if (!_toClient.Reader.TryRead(out var result)) return [];

        var taken = result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length));
        var bytes = taken.ToArray();
        var isEnd = bytes.Length == 0 && result.IsCompleted;
        _toClient.Reader.AdvanceTo(taken.End);
        return isEnd ? null : bytes;
    }

    /// <summary>Whether <see cref="Read"/> has something to say.</summary>
    public bool HasNews()
    {
        if (_lastBytes is not null) return true;
        if (_isClosed || !_toClient.Reader.TryRead(out var result)) return false;

        // Nothing is consumed and nothing examined: it is all there for the next read.
        _toClient.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.Start);
        return result.Buffer.Length > 0 || result.IsCompleted;
    }

    /// <summary>
    /// The broker's machine has stopped. What had left it still arrives, as far as <paramref name="choose"/> says; then the connection ends. The pipes
    /// themselves are not touched any more, for that would run the dead broker.
    /// </summary>
    public void Detach(Func<int, int> choose)
    {
        if (_lastBytes is not null) return;

        byte[] visible = [];
        if (!_isClosed && _toClient.Reader.TryRead(out var result)) visible = result.Buffer.ToArray();

        _lastBytes = visible[..choose(visible.Length)];
    }

    private byte[]? ReadLast(int count)
    {
        if (_lastRead == _lastBytes!.Length) return null;

        var bytes = _lastBytes.AsSpan(_lastRead, Math.Min(_lastBytes.Length - _lastRead, count)).ToArray();
        _lastRead += bytes.Length;
        return bytes;
    }

    private void Flush()
    {
        var flush = _toBroker.Writer.FlushAsync();
        if (!flush.IsCompleted) throw new InvalidOperationException("The way to the broker has no limit.");
    }

    private sealed record Side(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
