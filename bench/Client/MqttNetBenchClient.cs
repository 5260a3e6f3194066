using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Avocet.ClientBench;

/// <summary>MQTTnet's client.</summary>
internal sealed class MqttNetBenchClient(IMqttClient client) : IBenchClient
{
    public static async Task<IBenchClient> ConnectAsync(int port)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V500).WithTimeout(TimeSpan.FromMinutes(1)).Build());
        return new MqttNetBenchClient(client);
    }

    public async Task PublishAsync(string topic, byte[] payload, int qos, int count, int window)
    {
        var message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).Build();
        var open = new Task[window];
        for (var i = 0; i < count; i++)
        {
            var slot = i % window;
            if (i >= window) await open[slot];
            open[slot] = client.PublishAsync(message);
        }

        for (var i = 0; i < Math.Min(window, count); i++) await open[i];
    }

    public Task SubscribeAsync(string topic, int qos, Action onMessage)
    {
        client.ApplicationMessageReceivedAsync += _ =>
        {
            onMessage();
            return Task.CompletedTask;
        };
        return client.SubscribeAsync(topic, (MqttQualityOfServiceLevel)qos);
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisconnectAsync();
        client.Dispose();
    }
}
