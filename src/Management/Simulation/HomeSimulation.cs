using Avocet.Broker;
using Avocet.Client;
using Microsoft.Extensions.Logging;

namespace Avocet.Management.Simulation;

/// <summary>The simulated home of a broker: at most one at a time.</summary>
internal sealed class HomeSimulation(MqttBroker broker, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    public const int ClientsMax = 100;
    public const int MinutesMax = 120;

    private readonly Lock _gate = new();
    private SimulatedHome? _home;
    private bool _isClosed;

    /// <summary>The one that runs; null for none.</summary>
    public SimulatedHome? Current
    {
        get
        {
            lock (_gate) return _home is { IsOver: false } home ? home : null;
        }
    }

    /// <summary>Starts one; null where one runs already, or none may start any more.</summary>
    /// <exception cref="ManagementException">The broker does not take its devices; the message says why.</exception>
    public async Task<SimulatedHome?> StartAsync(int clients, TimeSpan time, CancellationToken cancellationToken)
    {
        SimulatedHome home;
        Task started;
        lock (_gate)
        {
            if (_isClosed || _home is { IsOver: false }) return null;

            _home?.Dispose();
            _home = home = new SimulatedHome(broker, clients, time, timeProvider, logger);
            started = home.StartAsync();
        }

        try
        {
            await started.WaitAsync(cancellationToken);
            return home;
        }
        catch (MqttException exception)
        {
            throw new ManagementException($"The simulated home was not started: {exception.Message.TrimEnd('.')}.", exception);
        }
        catch (OperationCanceledException)
        {
            // Who asked for it is gone, or it was ended meanwhile.
            await home.StopAsync();
            throw;
        }
    }

    /// <summary>Ends the one that runs, and waits until nothing is left of it.</summary>
    /// <returns>Retained messages that were removed; null where none ran.</returns>
    public async Task<int?> StopAsync(CancellationToken cancellationToken) => Current is { } home ? await home.StopAsync().WaitAsync(cancellationToken) : null;

    /// <summary>Ends it for good. Before the broker stops, for after that nothing could be removed.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        lock (_gate) _isClosed = true;
        try
        {
            await StopAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // What is left expires by itself.
        }
    }

    public void Dispose() => _home?.Dispose();
}
