using System.IO.Pipelines;

namespace Avocet.Broker;

/// <summary>One broker: sessions, subscriptions, retained messages, and the connections that are handed to it.</summary>
public sealed class MqttBroker : IAsyncDisposable
{
    private bool _stopped;

    public MqttBroker(BrokerOptions options, BrokerServices services)
    {
        Options = options;
        Services = services;
    }

    public BrokerOptions Options { get; }

    internal BrokerServices Services { get; }

    /// <summary>Starts timers and <c>$SYS</c>. Call once, before the first connection.</summary>
    public void Start()
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
    }

    /// <summary>Serves one connection until it ends. The caller owns the transport and closes it when the task completes; the task never fails.</summary>
    public Task RunConnectionAsync(IDuplexPipe transport, ConnectionOrigin origin, CancellationToken aborted)
    {
        throw new NotImplementedException();
    }

    /// <summary>
    /// Stops: no new connections, DISCONNECT 0x8B Server shutting down to 5.0 clients, and a wait of at most <paramref name="drainTime"/> for the
    /// connections to end.
    /// </summary>
    public Task StopAsync(TimeSpan drainTime)
    {
        _stopped = true;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
