using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.ClientBench;

/// <summary>This project's client.</summary>
internal sealed class AvocetBenchClient(MqttClient client) : IBenchClient
{
    public static async Task<IBenchClient> ConnectAsync(int port)
    {
        return new AvocetBenchClient(await MqttClient.ConnectAsync($"mqtt://127.0.0.1:{port}"));
    }

    public async Task PublishAsync(string topic, byte[] payload, int qos, int count, int window)
    {
        var open = new ValueTask<PublishResult>[window];
        for (var i = 0; i < count; i++)
        {
            var slot = i % window;
            if (i >= window) await open[slot];
            open[slot] = client.PublishAsync(topic, payload, (Qos)qos);
        }

        for (var i = 0; i < Math.Min(window, count); i++) await open[i];
    }

    public Task SubscribeAsync(string topic, int qos, Action onMessage)
    {
        return client.SubscribeAsync(
            topic,
            (_, _) =>
            {
                onMessage();
                return default;
            },
            new SubscribeOptions { Qos = (Qos)qos, BufferMessages = 100_000 });
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
