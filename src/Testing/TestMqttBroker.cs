using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Avocet.Broker;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Testing;

/// <summary>
/// An MQTT broker for tests: the real one, in this process. Clients come over pipes in memory (<see cref="OpenAsync"/>) or, where they can only do that, over
/// sockets of this machine (<see cref="Listen"/>). Time passes when the test says so, and connections fail as it wants.
/// </summary>
public sealed class TestMqttBroker : IAsyncDisposable
{
    /// <summary>What the broker's own timers see at a time.</summary>
    private static readonly TimeSpan ClockStep = TimeSpan.FromMilliseconds(250);

    /// <summary>How long connections may take to notice that they were cut.</summary>
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(10);

    private static readonly ListenerPolicy Everybody = new() { Name = "test", AllowAnonymous = true };

    private readonly Lock _gate = new();
    private readonly BrokerOptions _options;
    private readonly BrokerServices _services;
    private readonly Queue<ConnectionFaults> _arranged = new();
    private readonly HashSet<TestConnection> _connections = [];
    private readonly List<Task> _serving = [];
    private LoopbackListener? _listener;

    /// <summary>A broker that lets everybody in.</summary>
    /// <param name="options">Its settings; without them the defaults, without <c>$SYS</c> topics.</param>
    /// <param name="services">Authenticators, authorizers, a store, a log; the clock is <see cref="Clock"/>.</param>
    /// <param name="clock">A clock that the test has already; else a new one, at the beginning of 2026.</param>
    public TestMqttBroker(BrokerOptions? options = null, BrokerServices? services = null, FakeTimeProvider? clock = null)
    {
        Clock = clock ?? new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _options = options ?? new BrokerOptions { SysIntervalSeconds = 0 };
        _services = (services ?? new BrokerServices()) with { TimeProvider = Clock };
        Broker = Start();
    }

    /// <summary>The broker's clock. Give it to the client too where its time-outs are part of the test.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>The broker itself. <see cref="RestartAsync"/> makes another.</summary>
    public MqttBroker Broker { get; private set; }

    /// <summary>Set while the broker cannot be reached: new connections are refused. Those there are stay; see <see cref="CutAllAsync"/>.</summary>
    public bool IsDown { get; set; }

    /// <summary>Connections that have not ended.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_gate) return _connections.Count;
        }
    }

    /// <summary>Says what goes wrong with the next connection that nothing was said of yet. Later ones have no faults.</summary>
    /// <param name="next">What goes wrong.</param>
    public void Arrange(ConnectionFaults next)
    {
        lock (_gate) _arranged.Enqueue(next);
    }

    /// <summary>Opens a connection in memory: what a client takes instead of a socket, such as <c>TransportFactory</c> of Avocet.Client.</summary>
    /// <param name="cancellationToken">Not opened when it is cancelled.</param>
    /// <returns>The client's end. The client completes both pipes at the end, as it would close a socket.</returns>
    /// <exception cref="IOException">The broker is down, or this connection is to be refused.</exception>
    public ValueTask<IDuplexPipe> OpenAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ConnectionFaults? faults;
        lock (_gate) faults = _arranged.TryDequeue(out var next) ? next : ConnectionFaults.None;

        if (IsDown || faults.IsRefused) throw new IOException("The test's broker refuses this connection.", new SocketException((int)SocketError.ConnectionRefused));

        var connection = new TestConnection(faults, Clock);
        lock (_gate)
        {
            _connections.Add(connection);
            _serving.RemoveAll(task => task.IsCompleted);
            _serving.Add(ServeAsync(connection));
        }

        return ValueTask.FromResult(connection.ClientEnd);
    }

    /// <summary>Listens on a free port of 127.0.0.1, for clients that know sockets only. What is said of connections in memory goes for these too.</summary>
    /// <returns>Where, such as 127.0.0.1:41234.</returns>
    public IPEndPoint Listen() => (_listener ??= new LoopbackListener(this)).EndPoint;

    /// <summary>Ends all connections now.</summary>
    public Task CutAllAsync()
    {
        lock (_gate)
        {
            // Under the lock, for one that has ended is taken out under it before it is disposed.
            return Task.WhenAll(_connections.Select(connection => connection.CutAsync()));
        }
    }

    /// <summary>Moves the clock, in steps small enough for everything to happen at its time.</summary>
    /// <param name="time">By how much.</param>
    public void Advance(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= ClockStep) Clock.Advance(left < ClockStep ? left : ClockStep);
    }

    /// <summary>Ends the broker and starts it again. Without a store it forgets sessions and retained messages.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Broker = Start();
    }

    /// <summary>Ends all connections, and the broker.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_listener is not null) await _listener.DisposeAsync();
        await StopAsync();
    }

    private MqttBroker Start()
    {
        var broker = new MqttBroker(_options, _services);
        broker.Start();
        return broker;
    }

    private async Task StopAsync()
    {
        await CutAllAsync();
        Task[] serving;
        lock (_gate) serving = [.. _serving];
        await Task.WhenAll(serving).WaitAsync(EndTimeMax);
        await Broker.StopAsync(TimeSpan.Zero);
        await Broker.DisposeAsync();
    }

    private async Task ServeAsync(TestConnection connection)
    {
        await Broker.RunConnectionAsync(connection.BrokerEnd, new ConnectionOrigin { Listener = Everybody });
        await connection.BrokerEnd.Output.CompleteAsync();
        await connection.BrokerEnd.Input.CompleteAsync();
        await connection.DeliveredAsync();
        lock (_gate) _connections.Remove(connection);
        await connection.DisposeAsync();
    }
}
