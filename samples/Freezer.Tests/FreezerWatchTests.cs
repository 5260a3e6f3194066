using Avocet.Client;
using Avocet.Protocol;
using Avocet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Freezer.Tests;

/// <summary>How a program with Avocet.Client is tested: in memory, without sockets and without waiting.</summary>
public sealed class FreezerWatchTests : IDisposable
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task Freezer_that_is_silent_for_ten_minutes_raises_the_alarm()
    {
        await using var broker = new TestMqttBroker();
        await using var house = await ConnectAsync(broker, "house");
        await using var alarms = await AlarmsAsync(house);
        var time = new FakeTimeProvider();
        await using var watch = new FreezerWatch(new MqttClientOptions { TransportFactory = broker.OpenAsync }, time);
        await watch.StartAsync(_deadline.Token);

        time.Advance(FreezerWatch.SilenceMax);

        Assert.Equal("silent", await NextAsync(alarms));
    }

    [Fact]
    public async Task Reading_that_a_dead_connection_swallowed_comes_again()
    {
        await using var broker = new TestMqttBroker();
        await using var house = await ConnectAsync(broker, "house");
        await using var alarms = await AlarmsAsync(house);
        // After CONNACK and SUBACK nothing reaches the program any more, and nobody tells it: as when a network changes.
        broker.Arrange(new ConnectionFaults { ToClient = new DirectionFaults { DropAfterPackets = 2 } });
        await using var watch = new FreezerWatch(
            new MqttClientOptions { TransportFactory = broker.OpenAsync, TimeProvider = broker.Clock }, new FakeTimeProvider());
        await watch.StartAsync(_deadline.Token);

        await house.PublishAsync("freezer/temperature", "-5.0", Qos.AtLeastOnce, cancellationToken: _deadline.Token);
        var alarm = NextAsync(alarms);
        while (!alarm.IsCompleted)
        {
            // The keep alive finds out, the back-off waits, the session is resumed: minutes, in a moment.
            broker.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, _deadline.Token);
        }

        Assert.Equal("warm", await alarm);
    }

    /// <summary>Another client, which lives in the time of the wall clock: without keep alive, for the broker's clock runs faster.</summary>
    private async Task<MqttClient> ConnectAsync(TestMqttBroker broker, string clientId)
    {
        var client = new MqttClient(new MqttClientOptions { TransportFactory = broker.OpenAsync, ClientId = clientId, KeepAlive = TimeSpan.Zero });
        await client.ConnectAsync(_deadline.Token);
        return client;
    }

    private Task<Subscription> AlarmsAsync(MqttClient house) =>
        house.OpenSubscriptionAsync("freezer/alarm", new SubscribeOptions { Qos = Qos.AtLeastOnce }, _deadline.Token);

    private async Task<string> NextAsync(Subscription alarms)
    {
        await foreach (var message in alarms.ReadAllAsync(_deadline.Token)) return message.Text;
        return "";
    }
}
