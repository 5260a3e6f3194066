using Avocet.Client;
using Avocet.Client.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds an MQTT client to a host.</summary>
public static class MqttClientServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="MqttClient"/>, which logs where the host does, connects with the host in the background, and says goodbye with it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="server">Where the broker is; see <see cref="MqttClientOptions.Server"/>.</param>
    /// <param name="configure">Sets what else is to be set.</param>
    public static IServiceCollection AddMqttClient(this IServiceCollection services, string server, Action<MqttClientOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(server);
        return services.AddMqttClient((_, options) =>
        {
            options.Server = new Uri(server, UriKind.Absolute);
            configure?.Invoke(options);
        });
    }

    /// <summary>Adds one <see cref="MqttClient"/> whose settings come from other services.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets what is to be set, the server included.</param>
    public static IServiceCollection AddMqttClient(this IServiceCollection services, Action<IServiceProvider, MqttClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(provider =>
        {
            var options = new MqttClientOptions();
            if (provider.GetService<ILoggerFactory>() is { } loggerFactory) options.LoggerFactory = loggerFactory;
            configure(provider, options);
            return new MqttClient(options);
        });
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MqttClientService>());
        return services;
    }

    /// <summary>Adds a health check: healthy while the client is connected.</summary>
    /// <param name="builder">The host's health checks.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="tags">Tags of the check.</param>
    public static IHealthChecksBuilder AddMqttClient(this IHealthChecksBuilder builder, string name = "mqtt", IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<MqttClientHealthCheck>(name, failureStatus: null, tags ?? []);
    }
}
