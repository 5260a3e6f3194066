using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Avocet.Broker;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports.Epoll;

/// <summary>One thread that waits for the events of its sockets and, mostly, runs inline what waits for them. Its owner stops it.</summary>
internal sealed class EpollLoop : IDisposable
{
    private const int EventsMax = 256;

    /// <summary>How long a socket whose connection is over waits for its peer's end.</summary>
    private const int LingerMilliseconds = 5000;

    private const int TickMilliseconds = 1000;

    /// <summary>The room for connections at the start: pages of it that nothing was written to take no memory, and an array that grows leaves the former one behind.</summary>
    private const int DescriptorsAtStart = 16_384;

    /// <summary>What events say that are no connection's: a wake-up, or, from there downwards, a socket that listens.</summary>
    private const long WakeUp = -1;

    private readonly Lock _gate = new();
    private readonly int _epoll;
    private readonly int _wakeUp;
    private readonly Thread _thread;
    private readonly ILogger _logger;
    private readonly Dictionary<EpollConnection, long> _lingering = [];
    private readonly List<AcceptSocket> _paused = [];
    private AcceptSocket[] _acceptSockets = [];
    private EpollConnection?[] _connections = new EpollConnection?[DescriptorsAtStart];
    private Queue<EpollConnection> _postponed = new();
    private Queue<EpollConnection> _turn = new();
    private int _postponedCount;
    private int _timedCount;
    private long _nextTick;
    private int _lastGeneration;
    private int _roundsAsked;
    private int _roundsAnswered;
    private volatile bool _isStopping;

    public EpollLoop(EpollTransport transport, int number, ILogger logger)
    {
        Transport = transport;
        _logger = logger;
        _epoll = Checked(Native.EpollCreate(Native.EpollCloseOnExec));
        _wakeUp = Checked(Native.EventFd(0, Native.EventFdFlags));
        Control(Native.ControlAdd, _wakeUp, Native.EventIn, WakeUp);
        _thread = new Thread(Run) { Name = $"Avocet loop {number}", IsBackground = true };
    }

    public EpollTransport Transport { get; }

    public void Start() => _thread.Start();

    /// <summary>Accepts through sockets that listen; the connections may go to other loops. Call once.</summary>
    public void Listen(AcceptSocket[] sockets)
    {
        _acceptSockets = sockets;
        for (var i = 0; i < sockets.Length; i++) Control(Native.ControlAdd, sockets[i].Fd, Native.EventIn, WakeUp - 1 - i);
    }

    /// <summary>Accepts nothing more; the sockets may be closed.</summary>
    public void StopListening()
    {
        lock (_gate)
        {
            foreach (var socket in _acceptSockets)
            {
                if (!_paused.Remove(socket)) Control(Native.ControlRemove, socket.Fd, 0, 0);
            }
        }
    }

    /// <summary>Makes the connection of an accepted socket. Its events begin with <see cref="Begin"/>.</summary>
    public EpollConnection Add(int fd, ConnectionOrigin origin)
    {
        lock (_gate)
        {
            if (fd >= _connections.Length) Array.Resize(ref _connections, Math.Max(fd + 1, _connections.Length * 2));

            _lastGeneration = (_lastGeneration + 1) & int.MaxValue;
            var connection = new EpollConnection(this, fd, _lastGeneration, origin);
            Volatile.Write(ref _connections[fd], connection);
            return connection;
        }
    }

    public void Begin(EpollConnection connection)
    {
        const uint Events = Native.EventIn | Native.EventOut | Native.EventPeerHangUp | Native.EventEdgeTriggered;
        Control(Native.ControlAdd, connection.Fd, Events, ((long)connection.Generation << 32) | (uint)connection.Fd);
    }

    /// <summary>Gives a connection a turn after the others.</summary>
    public void Postpone(EpollConnection connection)
    {
        lock (_gate)
        {
            _postponed.Enqueue(connection);
            if (++_postponedCount == 1) Wake();
        }
    }

    /// <summary>Waits until the peer has ended, or some time has passed, before the socket is closed.</summary>
    public void Linger(EpollConnection connection)
    {
        lock (_gate)
        {
            _lingering.Add(connection, Environment.TickCount64 + LingerMilliseconds);
            _timedCount++;
            connection.Flags.Set(EpollFlags.Lingers);
        }

        // For what came already there is no event any more.
        Postpone(connection);
    }

    /// <summary>False when it did not linger any more.</summary>
    public bool EndLingering(EpollConnection connection)
    {
        lock (_gate)
        {
            if (!_lingering.Remove(connection)) return false;

            _timedCount--;
            return true;
        }
    }

    /// <summary>There are no file descriptors or there is no memory for more connections: tries again later. On the loop's thread.</summary>
    public void Pause(AcceptSocket socket)
    {
        lock (_gate)
        {
            Control(Native.ControlRemove, socket.Fd, 0, 0);
            _paused.Add(socket);
            _timedCount++;
        }
    }

    /// <summary>Closes a socket that nobody uses.</summary>
    public void Close(EpollConnection connection)
    {
        lock (_gate)
        {
            // First, for then its number may be given to another.
            _connections[connection.Fd] = null;
            _ = Native.Close(connection.Fd);
        }
    }

    /// <summary>Cuts all connections; whoever serves them finds that they have ended.</summary>
    public void CutAll()
    {
        EpollConnection?[] connections;
        lock (_gate) connections = [.. _connections];

        foreach (var connection in connections) connection?.Cut();
    }

    /// <summary>Whether the thread has come round since this was last asked. Not for several threads at once.</summary>
    public bool HasComeRound()
    {
        var hasAnswered = Volatile.Read(ref _roundsAnswered) == _roundsAsked;
        if (hasAnswered)
        {
            Volatile.Write(ref _roundsAsked, _roundsAsked + 1);
            Wake();
        }

        return hasAnswered;
    }

    /// <summary>Ends the thread, and closes what lingers.</summary>
    public void Dispose()
    {
        if (_isStopping) return;

        _isStopping = true;
        Wake();
        if (_thread.IsAlive && Thread.CurrentThread != _thread) _thread.Join();
        foreach (var connection in _lingering.Keys.ToArray()) connection.EndLingering();

        _ = Native.Close(_wakeUp);
        _ = Native.Close(_epoll);
    }

    private unsafe void Run()
    {
        var events = stackalloc byte[EventsMax * Native.EventSize];
        while (!_isStopping)
        {
            var timeout = Volatile.Read(ref _postponedCount) > 0 ? 0 : Volatile.Read(ref _timedCount) > 0 ? TickMilliseconds : Timeout.Infinite;
            var count = Native.EpollWait(_epoll, events, EventsMax, timeout);
            for (var i = 0; i < count; i++)
            {
                var place = events + (i * Native.EventSize);
                Dispatch(*(uint*)place, *(long*)(place + Native.EventDataOffset));
            }

            if (Volatile.Read(ref _postponedCount) > 0) TakeTurns();
            if (Volatile.Read(ref _timedCount) > 0) Tick();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The last resort: one connection's fault must not end the thread of all.")]
    private void Dispatch(uint events, long data)
    {
        try
        {
            if (data >= 0) Find((int)data, (int)(data >> 32))?.OnEvents(events);
            else if (data == WakeUp) ReadWakeUp();
            else _acceptSockets[WakeUp - 1 - data].Accept(this);
        }
        catch (Exception exception)
        {
            Log.LoopFailed(_logger, exception);
            // The event does not come again, so that the connection would hang.
            if (data >= 0) Find((int)data, (int)(data >> 32))?.Cut();
        }
    }

    /// <summary>Null for an event of a socket that was closed meanwhile.</summary>
    private EpollConnection? Find(int fd, int generation)
    {
        var connections = Volatile.Read(ref _connections);
        var connection = fd < connections.Length ? Volatile.Read(ref connections[fd]) : null;
        return connection?.Generation == generation ? connection : null;
    }

    private void TakeTurns()
    {
        lock (_gate)
        {
            (_postponed, _turn) = (_turn, _postponed);
            _postponedCount = 0;
        }

        while (_turn.TryDequeue(out var connection)) Dispatch(Native.EventIn, ((long)connection.Generation << 32) | (uint)connection.Fd);
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        if (now < _nextTick) return;

        _nextTick = now + TickMilliseconds;
        AcceptSocket[] paused;
        EpollConnection[] overdue;
        lock (_gate)
        {
            overdue = [.. _lingering.Where(one => one.Value <= now).Select(one => one.Key)];
            paused = [.. _paused];
            _timedCount -= paused.Length;
            _paused.Clear();
            for (var i = 0; i < _acceptSockets.Length; i++)
            {
                if (paused.Contains(_acceptSockets[i])) Control(Native.ControlAdd, _acceptSockets[i].Fd, Native.EventIn, WakeUp - 1 - i);
            }
        }

        foreach (var connection in overdue)
        {
            Log.CloseTimedOut(_logger, connection.Origin.Listener.Name, connection.Origin.RemoteEndPoint, LingerMilliseconds / 1000);
            connection.EndLingering();
        }
    }

    private void Wake()
    {
        if (Thread.CurrentThread == _thread) return;

        var one = 1L;
        unsafe
        {
            _ = Native.Write(_wakeUp, (byte*)&one, sizeof(long));
        }
    }

    private void ReadWakeUp()
    {
        long count;
        unsafe
        {
            _ = Native.Read(_wakeUp, (byte*)&count, sizeof(long));
        }

        Volatile.Write(ref _roundsAnswered, Volatile.Read(ref _roundsAsked));
    }

    private unsafe void Control(int operation, int fd, uint events, long data)
    {
        var ev = stackalloc byte[Native.EventSize];
        *(uint*)ev = events;
        *(long*)(ev + Native.EventDataOffset) = data;
        Checked(Native.EpollControl(_epoll, operation, fd, ev));
    }

    private static int Checked(int result)
    {
        return result >= 0 ? result : throw new IOException($"epoll: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }
}
