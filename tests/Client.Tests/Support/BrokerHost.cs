using System.IO.Pipelines;
using Avocet.Broker;
using Avocet.TestKit;

namespace Avocet.Client.Tests.Support;

/// <summary>The real broker in memory, for real clients; connections can be cut, and the broker can be away.</summary>
internal sealed class BrokerHost : IAsyncDisposable
{
    private readonly List<MemoryTransport> _connections = [];
    private readonly List<Task> _running = [];
    private readonly Lock _gate = new();

    public BrokerHost(BrokerOptions? options = null, BrokerServices? services = null)
    {
        Broker = new MqttBroker(options ?? new BrokerOptions { SysIntervalSeconds = 0 }, (services ?? new BrokerServices()) with { LoggerFactory = Log });
        Broker.Start();
    }

    public MqttBroker Broker { get; }

    public CapturedLog Log { get; } = new();

    /// <summary>Whether a client that connects finds nobody.</summary>
    public bool IsAway { get; set; }

    /// <summary>Who may come in, and how.</summary>
    public ListenerPolicy Listener { get; set; } = TestBroker.OpenListener;

    public int Connections
    {
        get
        {
            lock (_gate) return _connections.Count;
        }
    }

    public async Task<MqttClient> ConnectAsync(string clientId, Action<MqttClientOptions>? configure = null)
    {
        var client = Create(clientId, configure);
        await client.ConnectAsync().WaitAsync(Wait.Deadline);
        return client;
    }

    public MqttClient Create(string clientId, Action<MqttClientOptions>? configure = null)
    {
        var options = new MqttClientOptions
        {
            ClientId = clientId,
            TransportFactory = _ => new ValueTask<IDuplexPipe>(Open()),
            ReconnectDelay = TimeSpan.FromMilliseconds(1),
            ReconnectDelayMax = TimeSpan.FromMilliseconds(20),
        };
        configure?.Invoke(options);
        return new MqttClient(options);
    }

    /// <summary>Waits until so many clients have connected, again and again.</summary>
    public async Task WhenConnectedAsync(int count)
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        while (Connections < count)
        {
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Cuts all connections.</summary>
    public async Task CutAsync()
    {
        List<MemoryTransport> connections;
        lock (_gate)
        {
            connections = [.. _connections];
            _connections.Clear();
        }

        foreach (var connection in connections) await connection.CutAsync();
    }

    public IDuplexPipe Open()
    {
        if (IsAway) throw new IOException("Nobody is there.");

        var transport = new MemoryTransport();
        lock (_gate)
        {
            _connections.Add(transport);
            _running.Add(RunAsync(transport));
        }

        return transport.Client;
    }

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        await Task.WhenAll(_running).WaitAsync(Wait.Deadline);
        await Broker.StopAsync(TimeSpan.Zero).WaitAsync(Wait.Deadline);
        await Broker.DisposeAsync();
    }

    private async Task RunAsync(MemoryTransport transport)
    {
        await Broker.RunConnectionAsync(transport.Server, new ConnectionOrigin { Listener = Listener });
        await transport.Server.Output.CompleteAsync();
        await transport.Server.Input.CompleteAsync();
    }
}
