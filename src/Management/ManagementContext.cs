using System.Net;
using System.Text.Json;
using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Avocet.Management.Audit;
using Avocet.Management.Metrics;
using Avocet.Management.Resources;
using Avocet.Management.Simulation;
using Avocet.Management.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Avocet.Management;

/// <summary>The parts of the management listener, put together once and known to all endpoints.</summary>
internal sealed class ManagementContext : IDisposable
{
    /// <exception cref="ManagementException">Users and keys cannot be read.</exception>
    public ManagementContext(ManagementOptions options, ManagementSources sources)
    {
        Options = options;
        Sources = sources;
        TimeProvider = sources.TimeProvider;
        Logger = sources.LoggerFactory.CreateLogger("Avocet.Management");
        Accounts = new AccountStore(options.DataFolder, TimeProvider, Logger);
        Sessions = new LoginSessions(TimeProvider);
        Setup = new SetupToken(Accounts, TimeProvider);
        Passwords = new PasswordCheck(Accounts, TimeProvider, Logger);
        Meter = new BrokerMeter(sources.Broker, sources.Version, TimeProvider);
        Streams = new StreamGate(TimeProvider);
        Overview = new OverviewTicker(() => JsonSerializer.Serialize(OverviewDocument.Of(sources), ApiJson.Default.OverviewDocument), TimeProvider);
        Simulation = new HomeSimulation(sources.Broker, TimeProvider, Logger);
        Audit = new AuditLog(options.DataFolder, TimeProvider, Logger);
    }

    public ManagementOptions Options { get; }

    public ManagementSources Sources { get; }

    public TimeProvider TimeProvider { get; }

    public ILogger Logger { get; }

    public AccountStore Accounts { get; }

    public LoginSessions Sessions { get; }

    public SetupToken Setup { get; }

    public PasswordCheck Passwords { get; }

    public AuditLog Audit { get; }

    public BrokerMeter Meter { get; }

    /// <summary>The streams that run.</summary>
    public StreamGate Streams { get; }

    /// <summary>The overview of every second.</summary>
    public OverviewTicker Overview { get; }

    /// <summary>The simulated home.</summary>
    public HomeSimulation Simulation { get; }

    /// <summary>The key for whoever may read the data folder; null where there is none.</summary>
    public string? LocalKey { get; set; }

    /// <summary>Notes a change that the caller of a request has made.</summary>
    public void Note(HttpContext context, string action, string subject, IReadOnlyDictionary<string, string>? before = null, IReadOnlyDictionary<string, string>? after = null) =>
        Audit.Add(Caller.Of(context).Name, AddressOf(context), action, subject, before, after);

    public static string AddressOf(HttpContext context) => RemoteOf(context)?.Address.ToString() ?? "";

    public static IPEndPoint? RemoteOf(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address) return null;

        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, context.Connection.RemotePort);
    }

    public void Dispose()
    {
        Passwords.Dispose();
        Meter.Dispose();
        Streams.Dispose();
        Simulation.Dispose();
    }
}
