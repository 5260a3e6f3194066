using Avocet.Broker;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports.Epoll;

/// <summary>
/// Serves plain TCP and Unix sockets on Linux: one thread for each processor that waits with epoll and goes on from there through the broker to the system call that
/// sends, without a hop, and without memory for idle connections. See docs/decisions/0030-own-transport.md.
/// </summary>
internal sealed class EpollTransport : IAsyncDisposable
{
    /// <summary>How long connections that were cut may take to notice.</summary>
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(1);

    private readonly MqttBroker _broker;
    private readonly IReadOnlyList<ListenerEndpoint> _endpoints;
    private readonly ListenSockets _sockets;
    private readonly ILogger _logger;
    private readonly EpollLoop[] _loops;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AcceptSocket[] _acceptSockets = [];
    private uint _turn;
    private int _running = 1;
    private bool _isDisposed;

    public EpollTransport(MqttBroker broker, IReadOnlyList<ListenerEndpoint> endpoints, ListenSockets sockets, ILogger logger)
    {
        _broker = broker;
        _endpoints = endpoints;
        _sockets = sockets;
        _logger = logger;
        _loops = new EpollLoop[Environment.ProcessorCount];
        for (var i = 0; i < _loops.Length; i++) _loops[i] = new EpollLoop(this, i, logger);
    }

    /// <summary>Whether a listener can be served in this way.</summary>
    public static bool Supports(ListenerOptions listener) =>
        OperatingSystem.IsLinux() && !listener.ProxyProtocol && listener.Transport is ListenerTransport.Tcp or ListenerTransport.Unix;

    /// <exception cref="ServerStartException">A listener cannot be opened.</exception>
    public void Start(int backlog)
    {
        var sockets = new List<AcceptSocket>();
        foreach (var endpoint in _endpoints)
        {
            var socket = _sockets.Bind(endpoint.EndPoint);
            sockets.Add(new AcceptSocket(endpoint, socket, this, _logger));
            _acceptSockets = [.. sockets];
            ListenSockets.Listen(socket, endpoint, backlog);
            endpoint.BoundEndPoint = socket.LocalEndPoint!;
        }

        foreach (var loop in _loops) loop.Start();

        _loops[0].Listen(_acceptSockets);
    }

    /// <summary>Accepts nothing more.</summary>
    public void StopListening()
    {
        _loops[0].StopListening();
        foreach (var socket in _acceptSockets)
        {
            socket.Dispose();
            if (socket.Listener.Options.Transport == ListenerTransport.Unix) File.Delete(socket.Listener.Options.Path);
        }

        _acceptSockets = [];
    }

    /// <summary>Whether all threads have come round since this was last asked.</summary>
    public bool HasComeRound()
    {
        var haveAll = true;
        foreach (var loop in _loops) haveAll &= loop.HasComeRound();

        return haveAll;
    }

    /// <summary>Serves an accepted socket until its end.</summary>
    public void Serve(ListenerEndpoint listener, int fd, PeerAddress peer)
    {
        Interlocked.Increment(ref _running);
        var loop = _loops[_turn++ % _loops.Length];
        var connection = loop.Add(fd, listener.OriginOf(peer));
        _broker.Serve(connection);
        loop.Begin(connection);
    }

    /// <summary>A connection is over.</summary>
    public void OnEnded()
    {
        if (Interlocked.Decrement(ref _running) == 0) _ended.TrySetResult();
    }

    /// <summary>Cuts what is left, and ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;

        _isDisposed = true;
        foreach (var loop in _loops) loop.CutAll();

        if (Interlocked.Decrement(ref _running) > 0)
        {
            try
            {
                await _ended.Task.WaitAsync(EndTimeMax);
            }
            catch (TimeoutException)
            {
                Log.ConnectionsLeft(_logger, _running);
            }
        }

        foreach (var loop in _loops) loop.Dispose();
        foreach (var socket in _acceptSockets) socket.Dispose();
    }
}
