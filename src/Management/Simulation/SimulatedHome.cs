using System.Collections.Concurrent;
using System.IO.Pipelines;
using Avocet.Broker;
using Avocet.Broker.Publishing;
using Avocet.Client;
using Avocet.Devices;
using Microsoft.Extensions.Logging;

namespace Avocet.Management.Simulation;

/// <summary>One run of the simulated home: its devices, each with a connection of its own, from their first message until the last trace of them is removed.</summary>
internal sealed class SimulatedHome : IDisposable
{
    /// <summary>How long the broker may take to see the last of the devices, and then to remove what they left.</summary>
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>After the end retained messages expire by themselves, for the case that the broker ends before it can remove them.</summary>
    private static readonly TimeSpan ExpiryMargin = TimeSpan.FromMinutes(1);

    private readonly MqttBroker _broker;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop;
    private readonly List<(Device Device, MqttClient Client)> _devices = [];
    private readonly List<Task> _served = [];
    private readonly ConcurrentDictionary<string, bool> _retained = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<int> _running = Task.FromResult(0);

    public SimulatedHome(MqttBroker broker, int clients, TimeSpan time, TimeProvider timeProvider, ILogger logger)
    {
        _broker = broker;
        _timeProvider = timeProvider;
        _logger = logger;
        StartedAt = timeProvider.GetUtcNow();
        EndsAt = StartedAt + time;
        _stop = new CancellationTokenSource(time, timeProvider);
        for (var number = 0; number < clients; number++)
        {
            var device = new SmartHomeDevice(number, seed: number, SimulatedHouse.Name);
            _devices.Add((device, new MqttClient(OptionsFor(device))));
        }
    }

    public int Clients => _devices.Count;

    public DateTimeOffset StartedAt { get; }

    public DateTimeOffset EndsAt { get; }

    /// <summary>Whether nothing is left of it.</summary>
    public bool IsOver => _running.IsCompleted;

    /// <summary>Connects all devices, and lets them publish.</summary>
    /// <exception cref="MqttException">The broker refuses one; then there is none of them.</exception>
    public Task StartAsync()
    {
        _running = RunAsync();
        return _started.Task;
    }

    /// <summary>Ends it before its time, and waits until nothing is left of it.</summary>
    /// <returns>Retained messages that were removed.</returns>
    public async Task<int> StopAsync()
    {
        if (!_running.IsCompleted) await _stop.CancelAsync();
        return await _running;
    }

    public void Dispose() => _stop.Dispose();

    private async Task<int> RunAsync()
    {
        await Task.Yield();
        try
        {
            await Task.WhenAll(_devices.Select(one => one.Client.ConnectAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is MqttException or OperationCanceledException)
        {
            await EndAsync();
            _started.SetException(exception);
            return 0;
        }

        _started.SetResult();
        await Task.WhenAll(_devices.Select(one => RunAsync(one.Device, one.Client, _stop.Token)));
        return await EndAsync();
    }

    private async Task RunAsync(Device device, MqttClient client, CancellationToken stop)
    {
        try
        {
            foreach (var message in device.Begin()) await PublishAsync(client, message, stop);

            // Spread over an interval, so that they do not all report at once.
            await Task.Delay(device.Interval * device.Number / Clients, _timeProvider, stop);
            using var timer = new PeriodicTimer(device.Interval, _timeProvider);
            do
            {
                foreach (var message in device.Report(_timeProvider.GetLocalNow())) await PublishAsync(client, message, stop);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task PublishAsync(MqttClient client, MqttMessage message, CancellationToken stop)
    {
        var retains = message.Retain && _broker.Options.RetainAvailable;
        if (retains) _retained[message.Topic] = true;
        var qos = message.Qos < _broker.Options.MaximumQos ? message.Qos : _broker.Options.MaximumQos;
        try
        {
            await client.PublishAsync(new MqttMessage(message.Topic, message.Payload) { Qos = qos, Retain = retains, MessageExpiry = EndsAt + ExpiryMargin - _timeProvider.GetUtcNow() }, stop);
        }
        catch (MqttException exception)
        {
            // A limit of the broker, or the connection was ended and comes again. A device goes on.
            Log.SimulatedMessageLost(_logger, message.Topic, exception.Message);
        }
    }

    /// <summary>Disconnects the devices, and removes what they left: retained messages, and what the broker knows of their topics, which would seem silent.</summary>
    private async Task<int> EndAsync()
    {
        await Task.WhenAll(_devices.Select(one => one.Client.DisconnectAsync()));
        Task served;
        lock (_served) served = Task.WhenAll(_served);

        var removed = 0;
        try
        {
            // Their last messages may be on their way, and would be retained after they were removed.
            await served.WaitAsync(EndTimeMax);
            using var end = new CancellationTokenSource(EndTimeMax);
            // All at once, for what the store commits together takes no longer than one.
            removed = (await Task.WhenAll(_retained.Keys.Select(topic => RemoveAsync(topic, end.Token)))).Count(isRemoved => isRemoved);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            Log.SimulationNotCleared(_logger, EndTimeMax.TotalSeconds, ExpiryMargin.TotalMinutes);
        }

        _broker.Topics.Forget(_retained.ContainsKey, SimulatedHouse.IsClient);
        return removed;
    }

    private async Task<bool> RemoveAsync(string topic, CancellationToken cancellationToken)
    {
        var outcome = await _broker.PublishAsync(new BrokerMessage { Topic = topic, Retain = true }, cancellationToken);
        if (outcome.Problem is { } problem) Log.SimulatedMessageStays(_logger, topic, problem);
        return outcome.Problem is null;
    }

    private MqttClientOptions OptionsFor(Device device) => new()
    {
        ClientId = device.ClientId,
        TransportFactory = _ => ValueTask.FromResult(Open()),
        TimeProvider = _timeProvider,
        SessionExpiry = TimeSpan.Zero,
        PropagatesTraceContext = false,
        FallsBackTo311 = false,
        ShutdownTimeout = TimeSpan.FromSeconds(1),
        // No will: it would be published after a crash of the broker, when nobody is there to remove it.
    };

    private IDuplexPipe Open()
    {
        var (clientEnd, served) = MemoryConnection.Open(_broker, SimulatedHouse.Listener);
        lock (_served)
        {
            _served.RemoveAll(former => former.IsCompleted);
            _served.Add(served);
        }

        return clientEnd;
    }
}
