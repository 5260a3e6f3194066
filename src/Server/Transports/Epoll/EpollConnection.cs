using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Avocet.Broker;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// One accepted socket as a transport: one object, with its output as the base. It belongs to one loop, whose thread brings its events and, mostly, runs whoever
/// waits for them inline; it may be used from other threads too, but by one reader and one flusher at a time.
/// </summary>
internal sealed class EpollConnection(EpollLoop loop, int fd, int generation, ConnectionOrigin origin) : EpollOutput, ITransport
{
    private EpollInput _input = new();
    private int _references = 1;

    /// <summary>Where it came from.</summary>
    public ConnectionOrigin Origin => origin;

    public int Fd => fd;

    /// <summary>Tells the connection from others that had the same file descriptor.</summary>
    public int Generation => generation;

    PipeWriter ITransport.Output => this;

    /// <summary>Called by the loop.</summary>
    public void OnEvents(uint events)
    {
        var flags = 0;
        if ((events & (Native.EventIn | Native.EventPeerHangUp | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.Readable;
        if ((events & (Native.EventOut | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.Writable;
        if ((events & (Native.EventPeerHangUp | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.PeerEnded;

        var state = Flags.Set(flags);
        if ((state & EpollFlags.Lingers) != 0)
        {
            Drain();
            return;
        }

        // Output first: it makes room for what reading brings.
        if ((flags & EpollFlags.Writable) != 0 && (state & EpollFlags.OutputWaits) != 0 && Flags.TryTake(EpollFlags.OutputWaits)) GoOn();
        if ((flags & EpollFlags.Readable) != 0 && (state & EpollFlags.InputWaits) != 0 && Flags.TryTake(EpollFlags.InputWaits)) _input.GoOn();
    }

    public bool TryRead(IReadWaiter waiter, out ReadResult result) => _input.TryRead(this, waiter, out result);

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _input.AdvanceTo(consumed, examined);

    public void CancelPendingRead()
    {
        // Something may have come of which no event has told yet: who is cancelled still gets it.
        Flags.Set(EpollFlags.ReadCanceled | EpollFlags.Readable);
        if (Flags.TryTake(EpollFlags.InputWaits)) _input.GoOn();
    }

    ValueTask ITransport.CompleteAsync()
    {
        _input.Complete();
        return ValueTask.CompletedTask;
    }

    /// <summary>Lets others have their turn before the next read.</summary>
    public void YieldInput()
    {
        Flags.Set(EpollFlags.InputWaits);
        loop.Postpone(this);
    }

    /// <summary>The bytes received; 0 at the end of the stream, -1 when there is nothing now.</summary>
    public unsafe int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var received = Native.Receive(fd, start, buffer.Length, Native.ReceiveFlags);
                if (received >= 0) return (int)received;

                var error = Marshal.GetLastPInvokeError();
                // Any other error is the end of a connection that was lost.
                if (error != Native.Interrupted) return error == Native.Again ? -1 : 0;
            }
        }
    }

    protected override unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        // The socket may be closed by another thread, and its number be given to another client.
        if (!TryAddReference()) return -2;

        try
        {
            fixed (byte* start = bytes)
            {
                while (true)
                {
                    var sent = Native.Send(fd, start, bytes.Length, Native.SendFlags);
                    if (sent >= 0) return (int)sent;

                    var error = Marshal.GetLastPInvokeError();
                    if (error != Native.Interrupted) return error == Native.Again ? -1 : -2;
                }
            }
        }
        finally
        {
            Release();
        }
    }

    /// <inheritdoc/>
    /// <remarks>What was sent last must reach the peer, which a reset would keep it from: unless the peer said that it goes, its end is waited for.</remarks>
    public void End(bool isPeerGone)
    {
        if (isPeerGone || _input.HasEnded || Native.Shutdown(fd, Native.ShutdownWrite) != 0) Release();
        else loop.Linger(this);

        loop.Transport.OnEnded();
    }

    /// <summary>Reads away what the peer still sends; at its end the socket is closed. On the loop's thread.</summary>
    public void Drain()
    {
        var scratch = EpollBuffers.Rent();
        var received = 1;
        // A peer that sends on and on has its turn again at its next event, and no more once its time is over.
        for (var reads = 0; received > 0 && reads < EpollInput.ReadsAtATimeMax; reads++) received = Receive(scratch);

        EpollBuffers.Return(scratch);
        if (received == 0) EndLingering();
        else if (received > 0) loop.Postpone(this);
    }

    /// <summary>Closes it, if it lingers. On the loop's thread, or after that has ended.</summary>
    public void EndLingering()
    {
        if (loop.EndLingering(this)) Release();
    }

    /// <summary>Cuts the connection in both directions; whoever uses it finds that it has ended.</summary>
    public void Cut()
    {
        if (!TryAddReference()) return;

        _ = Native.Shutdown(fd, Native.ShutdownBoth);
        Release();
    }

    private bool TryAddReference()
    {
        var references = Volatile.Read(ref _references);
        while (references > 0)
        {
            var before = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (before == references) return true;

            references = before;
        }

        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0) loop.Close(this);
    }
}
