using System.Globalization;
using System.Net;
using MQTTnet;
using MQTTnet.Protocol;

namespace Avocet.Thermostat.Tests;

/// <summary>The program that is tested: turns the heating on and off, with MQTTnet's client. It knows nothing of tests.</summary>
public sealed class Thermostat : IAsyncDisposable
{
    private const double Wanted = 21.0;

    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();
    private readonly MqttClientOptions _options;
    private volatile bool _isStopping;

    public Thermostat(IPEndPoint broker)
    {
        _options = new MqttClientOptionsBuilder().WithTcpServer(broker.Address.ToString(), broker.Port).WithClientId("thermostat")
            .WithCleanSession(false).WithSessionExpiryInterval(3600).Build();
        _client.ApplicationMessageReceivedAsync += DecideAsync;
        _client.DisconnectedAsync += ConnectAgainAsync;
    }

    public async Task StartAsync()
    {
        await _client.ConnectAsync(_options);
        await _client.SubscribeAsync("house/temperature", MqttQualityOfServiceLevel.AtLeastOnce);
    }

    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        if (_client.IsConnected) await _client.DisconnectAsync();
        _client.Dispose();
    }

    private async Task DecideAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        var temperature = double.Parse(received.ApplicationMessage.ConvertPayloadToString(), CultureInfo.InvariantCulture);
        await _client.PublishStringAsync("house/heating", temperature < Wanted ? "on" : "off", MqttQualityOfServiceLevel.AtLeastOnce, retain: true);
    }

    private async Task ConnectAgainAsync(MqttClientDisconnectedEventArgs lost)
    {
        if (!_isStopping) await StartAsync();
    }
}
