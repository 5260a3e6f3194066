using System.Threading.Channels;
using Avocet.Testing;
using MQTTnet;
using MQTTnet.Protocol;
using Xunit;

namespace Avocet.Thermostat.Tests;

/// <summary>How a program with any MQTT client is tested: over a socket of this machine, without a broker to install.</summary>
public sealed class ThermostatTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Heating_goes_on_when_it_is_cold_and_off_when_it_is_warm()
    {
        await using var broker = new TestMqttBroker();
        await using var thermostat = new Thermostat(broker.Listen());
        await thermostat.StartAsync();
        var (house, heating) = await HouseAsync(broker);
        using var inHouse = house;

        await house.PublishStringAsync("house/temperature", "19.5", MqttQualityOfServiceLevel.AtLeastOnce);
        Assert.Equal("on", await heating.ReadAsync().AsTask().WaitAsync(Deadline));

        await house.PublishStringAsync("house/temperature", "22.0", MqttQualityOfServiceLevel.AtLeastOnce);
        Assert.Equal("off", await heating.ReadAsync().AsTask().WaitAsync(Deadline));
    }

    [Fact]
    public async Task Temperature_that_came_while_the_connection_was_lost_counts()
    {
        await using var broker = new TestMqttBroker();
        // The thermostat's connection ends with the second packet of the broker: CONNACK, and SUBACK.
        broker.Arrange(new ConnectionFaults { ToClient = new DirectionFaults { CutAfterPackets = 2 } });
        await using var thermostat = new Thermostat(broker.Listen());
        await thermostat.StartAsync();
        var (house, heating) = await HouseAsync(broker);
        using var inHouse = house;

        await house.PublishStringAsync("house/temperature", "19.5", MqttQualityOfServiceLevel.AtLeastOnce);

        Assert.Equal("on", await heating.ReadAsync().AsTask().WaitAsync(Deadline));
    }

    /// <summary>The rest of the house: a client of its own, and what it hears of the heating.</summary>
    private static async Task<(IMqttClient Client, ChannelReader<string> Heating)> HouseAsync(TestMqttBroker broker)
    {
        var heating = Channel.CreateUnbounded<string>();
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += received =>
        {
            heating.Writer.TryWrite(received.ApplicationMessage.ConvertPayloadToString());
            return Task.CompletedTask;
        };
        var address = broker.Listen();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(address.Address.ToString(), address.Port).WithClientId("house").Build());
        await client.SubscribeAsync("house/heating", MqttQualityOfServiceLevel.AtLeastOnce);
        return (client, heating.Reader);
    }
}
