using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// One accepted socket as a duplex pipe. It belongs to one loop, whose thread brings its events and, mostly, runs whoever waits for them inline; it may be
/// used from other threads too, but by one reader and one flusher at a time.
/// </summary>
/// <remarks>
/// Epoll reports edges: "there is something to read" comes once, and again only after something new arrived. So the last one is remembered as a flag, which
/// whoever reads takes down <em>before</em> it reads. Whoever finds nothing leaves a flag that it waits; flags change by atomic operations, and
/// who takes down a waiting flag wakes the waiter.
/// </remarks>
internal sealed class EpollConnection : IDuplexPipe
{
    private readonly EpollLoop _loop;
    private int _references = 1;
    private int _state;

    public EpollConnection(EpollLoop loop, ListenerEndpoint listener, int fd, int generation, EndPoint? remoteEndPoint)
    {
        _loop = loop;
        Listener = listener;
        Fd = fd;
        Generation = generation;
        RemoteEndPoint = remoteEndPoint;
        Input = new EpollInput(this);
        Output = new EpollOutput(this);
    }

    public ListenerEndpoint Listener { get; }

    public int Fd { get; }

    /// <summary>Tells the connection from others that had the same file descriptor.</summary>
    public int Generation { get; }

    public EndPoint? RemoteEndPoint { get; }

    public EpollInput Input { get; }

    public EpollOutput Output { get; }

    PipeReader IDuplexPipe.Input => Input;

    PipeWriter IDuplexPipe.Output => Output;

    /// <summary>While it only waits for the peer's end, when it is cut; in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long LingersUntil { get; set; }

    /// <summary>Whether the peer will send no more, so that a read which is not full does not mean that all was read.</summary>
    public bool HasPeerEnded => (Volatile.Read(ref _state) & EpollFlags.PeerEnded) != 0;

    /// <summary>Called by the loop.</summary>
    public void OnEvents(uint events)
    {
        var flags = 0;
        if ((events & (Native.EventIn | Native.EventPeerHangUp | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.Readable;
        if ((events & (Native.EventOut | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.Writable;
        if ((events & (Native.EventPeerHangUp | Native.EventHangUp | Native.EventError)) != 0) flags |= EpollFlags.PeerEnded;

        var state = Interlocked.Or(ref _state, flags) | flags;
        if (LingersUntil != 0)
        {
            Drain();
            return;
        }

        // Output first: it makes room for what reading brings.
        if ((flags & EpollFlags.Writable) != 0 && (state & EpollFlags.OutputWaits) != 0 && TryTake(EpollFlags.OutputWaits)) Output.GoOn();
        if ((flags & EpollFlags.Readable) != 0 && (state & EpollFlags.InputWaits) != 0 && TryTake(EpollFlags.InputWaits)) Input.GoOn();
    }

    public void Set(int flag) => Interlocked.Or(ref _state, flag);

    /// <summary>Takes a flag down; false when somebody else has, or nobody had raised it.</summary>
    public bool TryTake(int flag) => (Volatile.Read(ref _state) & flag) != 0 && (Interlocked.And(ref _state, ~flag) & flag) != 0;

    /// <summary>Leaves word that somebody waits; false when one of the flags that he waits for was raised meanwhile.</summary>
    public bool TryWait(int waits, int waitedFor)
    {
        // Whoever raises a flag after this sees that somebody waits; if another has taken the waiting flag down already, he is woken.
        var before = Interlocked.Or(ref _state, waits);
        return (before & waitedFor) == 0 || !TryTake(waits);
    }

    /// <summary>Lets others have their turn before the next read.</summary>
    public void YieldInput()
    {
        Set(EpollFlags.InputWaits);
        _loop.Postpone(this);
    }

    /// <summary>The bytes received; 0 at the end of the stream, -1 when there is nothing now.</summary>
    public unsafe int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var received = Native.Receive(Fd, start, buffer.Length, Native.ReceiveFlags);
                if (received >= 0) return (int)received;

                var error = Marshal.GetLastPInvokeError();
                // Any other error is the end of a connection that was lost.
                if (error != Native.Interrupted) return error == Native.Again ? -1 : 0;
            }
        }
    }

    /// <summary>The bytes that were taken; -1 when there is no room now, -2 when the connection is lost.</summary>
    public unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        // The socket may be closed by another thread, and its number be given to another client.
        if (!TryAddReference()) return -2;

        try
        {
            fixed (byte* start = bytes)
            {
                while (true)
                {
                    var sent = Native.Send(Fd, start, bytes.Length, Native.SendFlags);
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

    /// <summary>
    /// The broker is done with it. What was sent last must reach the peer, which a reset would keep it from: unless the peer said that it goes, its end is waited for.
    /// </summary>
    public void End(bool isPeerGone)
    {
        if (isPeerGone || Input.HasEnded || Native.Shutdown(Fd, Native.ShutdownWrite) != 0)
        {
            Release();
            return;
        }

        _loop.Linger(this);
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
        else if (received > 0) _loop.Postpone(this);
    }

    /// <summary>Closes it, if it lingers. On the loop's thread, or after that has ended.</summary>
    public void EndLingering()
    {
        if (_loop.EndLingering(this)) Release();
    }

    /// <summary>Cuts the connection in both directions; whoever uses it finds that it has ended.</summary>
    public void Cut()
    {
        if (!TryAddReference()) return;

        _ = Native.Shutdown(Fd, Native.ShutdownBoth);
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
        if (Interlocked.Decrement(ref _references) == 0) _loop.Close(this);
    }
}
