using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Avocet.Client.Hosting;

/// <summary>Healthy while the client is connected; else it says why it is not.</summary>
internal sealed class MqttClientHealthCheck(MqttClient client) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var change = client.LastChange;
        var result = change.State == ConnectionState.Connected
            ? HealthCheckResult.Healthy("Connected.")
            : new HealthCheckResult(context.Registration.FailureStatus, change.Error?.Message ?? $"The client is {change.State}.", change.Error);
        return Task.FromResult(result);
    }
}
