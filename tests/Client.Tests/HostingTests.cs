using Avocet.Client.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Avocet.Client.Tests;

public sealed class HostingTests
{
    [Fact]
    public async Task Host_connects_the_client_and_its_health_follows_the_connection()
    {
        await using var broker = new BrokerHost();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddMqttClient("mqtt://localhost", o =>
        {
            o.ClientId = "hosted";
            o.TransportFactory = _ => new ValueTask<System.IO.Pipelines.IDuplexPipe>(broker.Open());
            o.ReconnectDelay = TimeSpan.FromHours(1);
            o.ReconnectDelayMax = TimeSpan.FromHours(1);
        });
        builder.Services.AddHealthChecks().AddMqttClient();
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<MqttClient>();
        var health = host.Services.GetRequiredService<HealthCheckService>();

        await client.ForAsync(ConnectionState.Connected);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        broker.IsAway = true;
        await broker.CutAsync();
        await client.ForAsync(ConnectionState.Waiting);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);

        await host.StopAsync();
        Assert.Equal(ConnectionState.Closed, client.State);
    }
}
