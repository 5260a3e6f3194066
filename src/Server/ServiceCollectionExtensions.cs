using Avocet.Broker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>Adds a broker to a .NET host, such as an ASP.NET Core application.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="AvocetServer"/> that starts and stops with the host. Its log goes to the host's.</summary>
    public static IServiceCollection AddAvocet(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(provider => AvocetServer.Create(
            options, new BrokerServices { LoggerFactory = provider.GetRequiredService<ILoggerFactory>() }));
        services.AddHostedService<HostedServer>();
        return services;
    }

    private sealed class HostedServer(AvocetServer server) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => server.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);
    }
}
