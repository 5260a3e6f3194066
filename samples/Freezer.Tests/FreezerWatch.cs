using System.Globalization;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Freezer.Tests;

/// <summary>The program that is tested: raises an alarm when a freezer is too warm, or says nothing for ten minutes. It knows nothing of tests.</summary>
public sealed class FreezerWatch : IAsyncDisposable
{
    /// <summary>So long may a freezer be silent.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromMinutes(10);

    private const double WarmestAllowed = -15.0;

    private readonly MqttClient _client;
    private readonly ITimer _silence;

    /// <param name="options">How the broker is reached.</param>
    /// <param name="timeProvider">The clock that the ten minutes are measured with.</param>
    public FreezerWatch(MqttClientOptions options, TimeProvider timeProvider)
    {
        _client = new MqttClient(options);
        _silence = timeProvider.CreateTimer(_ => _ = AlarmAsync("silent"), null, SilenceMax, Timeout.InfiniteTimeSpan);
    }

    public ConnectionState State => _client.State;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _client.ConnectAsync(cancellationToken);
        await _client.SubscribeAsync("freezer/temperature", HandleAsync, new SubscribeOptions { Qos = Qos.AtLeastOnce }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _silence.DisposeAsync();
        await _client.DisposeAsync();
    }

    private async ValueTask HandleAsync(MqttMessage reading, CancellationToken cancellationToken)
    {
        _silence.Change(SilenceMax, Timeout.InfiniteTimeSpan);
        if (double.Parse(reading.Text, CultureInfo.InvariantCulture) > WarmestAllowed) await AlarmAsync("warm");
    }

    /// <summary>The client keeps the alarm, and sends it once there is a connection.</summary>
    private Task AlarmAsync(string what) => _client.EnqueueAsync(new MqttMessage("freezer/alarm", what) { Qos = Qos.AtLeastOnce }).AsTask();
}
