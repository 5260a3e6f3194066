using System.Net;
using System.Net.Security;
using Avocet.Management;
using Avocet.Management.Resources;
using Avocet.Server.Transports;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>The management listener of a server: what of the configuration it needs, and its certificates.</summary>
internal sealed class ServerConsole : IAsyncDisposable
{
    private static readonly TimeSpan FileCheckPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PrepareTimeMax = TimeSpan.FromSeconds(3);

    private readonly ServerCertificates? _certificates;
    private readonly ManagementHost _host;
    private readonly ITimer? _fileCheck;

    private ServerConsole(ManagementHost host, ServerCertificates? certificates)
    {
        _host = host;
        _certificates = certificates;
        if (certificates is not null) _fileCheck = TimeProvider.System.CreateTimer(_ => certificates.ReloadIfChanged(), null, FileCheckPeriod, FileCheckPeriod);
    }

    /// <summary>Starts it; null where it is turned off, or where nobody asked for it and its usual port is taken.</summary>
    /// <exception cref="ServerStartException">It cannot be started as it is configured.</exception>
    public static async Task<ServerConsole?> StartAsync(
        AvocetServer server, Func<IReadOnlyList<SettingDocument>> settings, Func<ReloadDocument> reload, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        var options = server.Options.Console;
        if (options.Port is { IsOff: true }) return null;

        var logger = loggerFactory.CreateLogger("Avocet.Server");
        var certificates = LoadCertificates(server.Options, logger);
        var sources = new ManagementSources
        {
            Broker = server.Broker,
            Version = StartPage.Version,
            Listeners = server.DescribeListeners,
            Settings = settings,
            Reload = reload,
            LoggerFactory = loggerFactory,
        };
        ManagementHost? host = null;
        try
        {
            host = ManagementHost.Create(ToManagement(server.Options, certificates is null ? null : certificates.Select), sources);
            await host.StartAsync(cancellationToken);
            return new ServerConsole(host, certificates);
        }
        catch (ManagementException exception)
        {
            if (host is not null) await host.DisposeAsync();
            if (!exception.IsPortTaken || options.Port is not null) throw new ServerStartException(exception.Message, exception);

            Log.ConsoleLeftOut(logger, exception.Message);
            return null;
        }
    }

    public void Reload(ServerOptions options)
    {
        if (options.Certificates.Count > 0) _certificates?.Reload(options.Certificates);
    }

    /// <summary>To be called before the broker stops.</summary>
    public async Task PrepareStopAsync()
    {
        using var end = new CancellationTokenSource(PrepareTimeMax);
        await _host.PrepareStopAsync(end.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_fileCheck is not null) await _fileCheck.DisposeAsync();

        using var end = new CancellationTokenSource(StopTimeMax);
        await _host.StopAsync(end.Token);
        await _host.DisposeAsync();
    }

    private static ServerCertificates? LoadCertificates(ServerOptions options, ILogger logger)
    {
        if (!options.Console.IsTls) return null;

        try
        {
            return new ServerCertificates(new ListenerOptions { Name = "console", Transport = ListenerTransport.Tls }, options.Certificates, TimeProvider.System, logger);
        }
        catch (ServerStartException exception)
        {
            throw new ServerStartException($"the console was not started: {exception.Message}", exception);
        }
    }

    private static ManagementOptions ToManagement(ServerOptions server, Func<string?, SslServerAuthenticationOptions>? select)
    {
        var options = server.Console;
        if (!ListenerOptions.TryParseAddress(options.Address, out var address)) throw new ServerStartException($"the console was not started: '{options.Address}' is no IP address.");

        return new ManagementOptions
        {
            EndPoint = new IPEndPoint(address, (options.Port ?? ListenPort.Of(ConsoleOptions.DefaultPort)).ToBind),
            SelectCertificate = select,
            AllowedHosts = options.AllowedHosts.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            HasOpenMetrics = options.HasOpenMetrics,
            OtlpEndpoint = ParseOtlpEndpoint(options.OtlpEndpoint),
            // Keys are not for files and command lines; this is the name that all of OpenTelemetry has for them.
            OtlpHeaders = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_HEADERS"),
            DataFolder = server.DataFolder.Length > 0 ? server.DataFolder : null,
        };
    }

    private static Uri? ParseOtlpEndpoint(string text)
    {
        if (text.Length == 0) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https")) return url;

        throw new ServerStartException($"the console was not started: console.otlp_endpoint '{text}' is no URL of http or https, such as http://127.0.0.1:4318/v1/metrics.");
    }
}
