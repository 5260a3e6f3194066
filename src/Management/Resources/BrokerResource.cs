using Avocet.Broker.Monitoring;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

public sealed record VersionDocument(string Version, string Runtime, string Api);

/// <summary>What the broker counts. Counters go up from its start; the others are as things are now.</summary>
public sealed record OverviewDocument
{
    public required string Version { get; init; }

    public required long UptimeSeconds { get; init; }

    public required int Connections { get; init; }

    public required int ClientsConnected { get; init; }

    public required int ClientsConnectedMax { get; init; }

    public required int Sessions { get; init; }

    public required long SessionsExpired { get; init; }

    public required int Subscriptions { get; init; }

    public required int SharedSubscriptions { get; init; }

    public required int RetainedMessages { get; init; }

    public required long QueuedMessages { get; init; }

    public required long QueuedBytes { get; init; }

    public required long ConnectionsAccepted { get; init; }

    public required long ConnectionsRefused { get; init; }

    public required TrafficDocument Received { get; init; }

    public required TrafficDocument Sent { get; init; }

    public required DropsDocument Dropped { get; init; }

    public required long HeapBytes { get; init; }

    internal static OverviewDocument Of(ManagementSources sources)
    {
        var figures = sources.Broker.GetFigures();
        return new OverviewDocument
        {
            Version = sources.Version,
            UptimeSeconds = (long)figures.Uptime.TotalSeconds,
            Connections = figures.Connections,
            ClientsConnected = figures.SessionsConnected,
            ClientsConnectedMax = figures.SessionsConnectedMax,
            Sessions = figures.Sessions,
            SessionsExpired = figures.SessionsExpired,
            Subscriptions = figures.Subscriptions,
            SharedSubscriptions = figures.SharedSubscriptions,
            RetainedMessages = figures.RetainedMessages,
            QueuedMessages = figures.QueuedMessages,
            QueuedBytes = figures.QueuedBytes,
            ConnectionsAccepted = figures.ConnectionsAccepted,
            ConnectionsRefused = figures.ConnectionsRefused,
            Received = new TrafficDocument(figures.MessagesReceived, figures.PayloadBytesReceived, figures.Packets.Sum(type => type.Received), figures.BytesReceived),
            Sent = new TrafficDocument(figures.MessagesSent, figures.PayloadBytesSent, figures.Packets.Sum(type => type.Sent), figures.BytesSent),
            Dropped = ToDocument(figures.Drops),
            HeapBytes = GC.GetTotalMemory(false),
        };
    }

    private static DropsDocument ToDocument(DropFigures drops) => new(drops.QueueFull, drops.SlowConsumer, drops.Expired, drops.TooLarge, drops.Refused, drops.Total);
}

/// <param name="Messages">PUBLISH packets.</param>
/// <param name="PayloadBytes">Bytes of their payloads.</param>
/// <param name="Packets">Control packets of all types.</param>
/// <param name="Bytes">Bytes of all packets.</param>
public sealed record TrafficDocument(long Messages, long PayloadBytes, long Packets, long Bytes);

public sealed record DropsDocument(long QueueFull, long SlowConsumer, long Expired, long TooLarge, long Refused, long Total);

/// <summary>Where clients connect.</summary>
public sealed record ListenerDocument(string Name, string Transport, string Address, bool IsTls, bool AllowsAnonymous)
{
    /// <summary>Those of a TLS listener, the first for clients that name no host.</summary>
    public IReadOnlyList<CertificateDocument> Certificates { get; init; } = [];
}

/// <summary>A certificate of a listener.</summary>
/// <param name="Subject">Whose it is.</param>
/// <param name="Issuer">Who issued it.</param>
/// <param name="NotBefore">From when it is good.</param>
/// <param name="NotAfter">Until when.</param>
public sealed record CertificateDocument(string Subject, string Issuer, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>The host names and IP addresses it is for.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}

/// <param name="Path">The key, such as <c>limits.packet_size_max</c>.</param>
/// <param name="Value">As TOML; null for a secret.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="IsSecret">Whether the value is hidden.</param>
/// <param name="IsReloadable">Whether a change takes effect without a restart.</param>
public sealed record SettingDocument(string Path, string? Value, string Source, bool IsSecret, bool IsReloadable);

/// <param name="Applied">What has changed.</param>
/// <param name="WaitingForRestart">What has changed in the configuration and takes a restart.</param>
/// <param name="Errors">What is wrong; then nothing has changed.</param>
public sealed record ReloadDocument(IReadOnlyList<string> Applied, IReadOnlyList<string> WaitingForRestart, IReadOnlyList<string> Errors);

/// <summary>How the store fares.</summary>
public sealed record StoreDocument(bool IsOn, string? Problem, long Commits, long Syncs, long MessagesKept, long BytesWritten, long SizeBytes);

/// <summary>Version, overview, listeners, configuration and store.</summary>
internal static class BrokerResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/version", GetVersion).Needs(Scope.Read).Produces<VersionDocument>().WithTags("Broker").WithSummary("Which version runs");
        api.MapGet("/overview", GetOverview).Needs(Scope.Read).Produces<OverviewDocument>().WithTags("Broker").WithSummary("What the broker counts");
        api.MapGet("/listeners", GetListeners).Needs(Scope.Read).Produces<IReadOnlyList<ListenerDocument>>().WithTags("Broker").WithSummary("Where clients connect");
        api.MapGet("/store", GetStore).Needs(Scope.Read).Produces<StoreDocument>().WithTags("Broker").WithSummary("How the store fares");
        api.MapGet("/configuration", GetConfiguration).Needs(Scope.Admin).Produces<IReadOnlyList<SettingDocument>>().WithTags("Configuration").WithSummary("Every value that is set and where it comes from; without secrets");
        api.MapPost("/configuration/reload", Reload).Needs(Scope.Admin).Produces<ReloadDocument>().WithTags("Configuration").WithSummary("Read the configuration again, as on SIGHUP");
    }

    private static IResult GetVersion([FromServices] ManagementContext management) =>
        TypedResults.Ok(new VersionDocument(management.Sources.Version, Environment.Version.ToString(), "v1"));

    private static IResult GetOverview([FromServices] ManagementContext management) => TypedResults.Ok(OverviewDocument.Of(management.Sources));

    private static IResult GetListeners([FromServices] ManagementContext management) => TypedResults.Ok(management.Sources.Listeners());

    private static IResult GetStore([FromServices] ManagementContext management)
    {
        var health = management.Sources.Broker.Storage;
        return TypedResults.Ok(new StoreDocument(
            health.HasStore, health.Problem, health.Commits, health.Figures.Syncs, health.MessagesKept, health.Figures.BytesWritten, health.Figures.Size));
    }

    private static IResult GetConfiguration([FromServices] ManagementContext management) => TypedResults.Ok(management.Sources.Settings());

    private static IResult Reload(HttpContext context, [FromServices] ManagementContext management)
    {
        var result = management.Sources.Reload();
        management.Note(context, "configuration.reload", result.Errors.Count > 0 ? "refused" : $"{result.Applied.Count} applied, {result.WaitingForRestart.Count} waiting for a restart");
        return result.Errors.Count == 0 ? TypedResults.Ok(result) : Problem.Conflict($"The configuration was not reloaded, the old one stays: {string.Join(" ", result.Errors)}");
    }
}
