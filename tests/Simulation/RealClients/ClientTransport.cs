using System.Buffers;
using System.IO.Pipelines;
using Avocet.Simulation.Network;

namespace Avocet.Simulation.RealClients;

/// <summary>
/// The end of a wire at which a real client reads and writes. What the client has written is taken from it when the simulation gets to it, and what the
/// broker has written is given to it in pieces.
/// </summary>
internal sealed class ClientTransport : IDuplexPipe
{
    private readonly Pipe _toClient = new(OptionsOf(pauseAt: 0));
    private readonly Pipe _fromClient;
    private readonly List<byte> _inbox = [];
    private readonly WatchedReader _input;
    private bool _hasEnd;
    private bool _isEnded;

    /// <param name="wire">The way to the broker.</param>
    /// <param name="bufferSize">Bytes that the client may have written before it has to wait.</param>
    public ClientTransport(Wire wire, int bufferSize)
    {
        Wire = wire;
        _fromClient = new Pipe(OptionsOf(bufferSize));
        _input = new WatchedReader(_toClient.Reader);
    }

    public Wire Wire { get; }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _fromClient.Writer;

    /// <summary>Whether the client has done with what it was given, and waits for more.</summary>
    public bool IsIdle => _input.IsAwaiting;

    /// <summary>Whether the client has given the connection up.</summary>
    public bool IsClosed => _input.IsCompleted;

    /// <summary>Brings what the client has written onto the wire, and its end; false when there is nothing.</summary>
    public bool Collect()
    {
        if (_isEnded || !_fromClient.Reader.TryRead(out var result)) return false;

        Wire.Send(result.Buffer.ToArray());
        var hasBytes = !result.Buffer.IsEmpty;
        _isEnded = result.IsCompleted;
        // The client may go on writing here.
        _fromClient.Reader.AdvanceTo(result.Buffer.End);
        if (_isEnded) Wire.EndInOrder();
        return hasBytes || _isEnded;
    }

    /// <summary>Takes over what the broker has written so far.</summary>
    public void Fetch()
    {
        while (!_hasEnd && Wire.HasNews())
        {
            var bytes = Wire.Read(int.MaxValue);
            _hasEnd = bytes is null;
            _inbox.AddRange(bytes ?? []);
        }

        _hasEnd |= Wire.IsClosed;
    }

    /// <summary>Gives the client some of what the broker has written; the number of bytes, or null where there was nothing to give, not even the end.</summary>
    public int? Give(int countMax)
    {
        Fetch();
        if (IsClosed || (_inbox.Count == 0 && !_hasEnd)) return null;

        var count = Math.Min(countMax, _inbox.Count);
        _input.Disturb();
        if (count > 0)
        {
            var bytes = _inbox.GetRange(0, count).ToArray();
            _inbox.RemoveRange(0, count);
            _toClient.Writer.Write(bytes);
            var flush = _toClient.Writer.FlushAsync();
            if (!flush.IsCompleted) throw new InvalidOperationException("The way to the client has no limit.");
        }
        else
        {
            _toClient.Writer.Complete();
        }

        return count;
    }

    /// <summary>The client learns that the connection is gone.</summary>
    public void Break()
    {
        _input.Disturb();
        var error = new IOException("The connection was reset by the peer.");
        _toClient.Writer.Complete(error);
        if (_isEnded) return;

        _isEnded = true;
        _fromClient.Reader.Complete(error);
    }

    private static PipeOptions OptionsOf(int pauseAt) => new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: pauseAt, resumeWriterThreshold: pauseAt / 2, useSynchronizationContext: false);

    /// <summary>Knows whether somebody waits for bytes.</summary>
    private sealed class WatchedReader(PipeReader inner) : PipeReader
    {
        private volatile bool _isAwaiting;
        private volatile bool _isCompleted;

        public bool IsAwaiting => _isAwaiting;

        public bool IsCompleted => _isCompleted;

        /// <summary>Something is about to come.</summary>
        public void Disturb() => _isAwaiting = false;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            if (!read.IsCompleted) _isAwaiting = true;
            return read;
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead()
        {
            Disturb();
            inner.CancelPendingRead();
        }

        public override void Complete(Exception? exception = null)
        {
            inner.Complete(exception);
            _isCompleted = true;
        }
    }
}
