using System.Net;
using System.Net.Security;
using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Avocet.Management.Metrics;
using Avocet.Management.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Avocet.Management;

/// <summary>
/// The management listener: a web server of its own, on the ordinary pool of threads and not on those of the MQTT listeners, with bounds on all that a caller may use
/// up.
/// </summary>
public sealed class ManagementHost : IAsyncDisposable
{
    private readonly ManagementContext _management;
    private readonly RequestGuard _guard;
    private readonly WebApplication _app;
    private readonly LocalAccess? _local;

    private ManagementHost(ManagementOptions options, ManagementSources sources, Action<IServiceCollection>? addServices, Action<WebApplication>? addEndpoints)
    {
        _management = new ManagementContext(options, sources);
        _guard = new RequestGuard(_management);
        _app = Build(addServices, addEndpoints);
        if (options.DataFolder is { } folder) _local = new LocalAccess(folder);
    }

    /// <summary>Where it listens, once it does.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>The endpoints, for tests.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints)];

    internal ManagementContext Management => _management;

    internal WebApplication App => _app;

    /// <exception cref="ManagementException">Users cannot be read.</exception>
    public static ManagementHost Create(ManagementOptions options, ManagementSources sources) => new(options, sources, null, null);

    /// <summary>With more services and endpoints, such as those that write the OpenAPI document.</summary>
    internal static ManagementHost Create(ManagementOptions options, ManagementSources sources, Action<IServiceCollection>? addServices, Action<WebApplication>? addEndpoints) =>
        new(options, sources, addServices, addEndpoints);

    /// <summary>Begins to listen, and says where in the log.</summary>
    /// <exception cref="ManagementException">It cannot listen there; the message says what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var options = _management.Options;
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            var isTaken = exception is AddressInUseException || exception.InnerException is AddressInUseException;
            var reason = isTaken ? $"{options.EndPoint} is in use by another program. Stop that one, or choose another port with --console-port" : $"{options.EndPoint}: {exception.Message.TrimEnd('.')}";
            throw new ManagementException($"the console was not started: {reason}.", exception) { IsPortTaken = isTaken };
        }

        var bound = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var isAny = IPAddress.Any.Equals(options.EndPoint.Address) || IPAddress.IPv6Any.Equals(options.EndPoint.Address);
        Url = new UriBuilder(options.IsTls ? "https" : "http", isAny ? "127.0.0.1" : options.EndPoint.Address.ToString(), bound.Port).Uri;
        if (_local is not null) _management.LocalKey = _local.Write(Url, options);

        Announce(isAny);
    }

    /// <summary>Ends what cannot be ended in good order once the broker has stopped.</summary>
    public Task PrepareStopAsync(CancellationToken cancellationToken) => _management.Simulation.CloseAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _local?.Remove();
        _management.Streams.Stop();
        await _management.Simulation.CloseAsync(cancellationToken);
        await _app.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _local?.Remove();
        await _app.DisposeAsync();
        _management.Dispose();
    }

    private void Announce(bool isAny)
    {
        var url = Url.ToString().TrimEnd('/');
        Log.Listening(_management.Logger, url);
        if (!ConsoleFiles.Exist) Log.NoPages(_management.Logger);
        if ((isAny || !IPAddress.IsLoopback(_management.Options.EndPoint.Address)) && !_management.Options.IsTls) Log.NotEncrypted(_management.Logger, url);
        // Behind the #, where browsers keep it to themselves: it gets into no log of a proxy.
        if (!_management.Setup.IsNeeded) return;

        var level = Enumerable.Range((int)LogLevel.Information, 4).Select(one => (LogLevel)one).FirstOrDefault(_management.Logger.IsEnabled, LogLevel.Critical);
        var (minutes, link) = (ManagementLimits.SetupTime.TotalMinutes, $"{url}/setup#{_management.Setup.Text}");
        Log.SetupLink(_management.Logger, level, minutes, link);
    }

    private WebApplication Build(Action<IServiceCollection>? addServices, Action<WebApplication>? addEndpoints)
    {
        // The empty builder: no environment variables, no appsettings.json and no command line have a say in it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Avocet.Management", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(ConfigureServer);
        builder.Services.AddSingleton(_management.Sources.LoggerFactory);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton(_management);
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        MetricsEndpoint.AddTo(builder.Services, _management.Meter.Meter, _management.Options);
        addServices?.Invoke(builder.Services);

        var app = builder.Build();
        var access = new AccessMiddleware(_management);
        app.Use(next => context => _guard.InvokeAsync(context, next));
        app.UseRouting();
        app.Use(next => context => access.InvokeAsync(context, next));
        ApiRoutes.Map(app);
        addEndpoints?.Invoke(app);
        return app;
    }

    private void ConfigureServer(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.AllowSynchronousIO = false;
        server.Limits.MaxConcurrentConnections = ManagementLimits.ConnectionsMax;
        server.Limits.MaxConcurrentUpgradedConnections = ManagementLimits.ConnectionsMax;
        server.Limits.MaxRequestBodySize = ManagementLimits.BodyBytesMax;
        server.Limits.MaxRequestHeadersTotalSize = ManagementLimits.HeaderBytesMax;
        server.Limits.RequestHeadersTimeout = ManagementLimits.HeadersTimeMax;
        server.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(1);
        server.Listen(_management.Options.EndPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (_management.Options.SelectCertificate is not { } select) return;

            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = ManagementLimits.HeadersTimeMax,
                OnConnection = connection => ValueTask.FromResult(OnlyHttp1(select(connection.ClientHelloInfo.ServerName))),
            });
        });
    }

    private static SslServerAuthenticationOptions OnlyHttp1(SslServerAuthenticationOptions options) => new()
    {
        ServerCertificateContext = options.ServerCertificateContext,
        EnabledSslProtocols = options.EnabledSslProtocols,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
    };
}
