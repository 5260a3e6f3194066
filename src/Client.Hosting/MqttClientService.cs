using Microsoft.Extensions.Hosting;

namespace Avocet.Client.Hosting;

/// <summary>Starts the client with the host, and closes it with it.</summary>
internal sealed class MqttClientService(MqttClient client) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        client.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => client.DisconnectAsync().WaitAsync(cancellationToken);
}
