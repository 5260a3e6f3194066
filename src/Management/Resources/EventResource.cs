using Avocet.Broker.Monitoring.Events;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>A decision of the broker.</summary>
public sealed record EventDocument
{
    public required long Number { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>What was decided, such as <c>queue_full</c>.</summary>
    public required string Kind { get; init; }

    public string? ClientId { get; init; }

    public string? UserName { get; init; }

    public string? Address { get; init; }

    public string? Listener { get; init; }

    public string? Topic { get; init; }

    /// <summary>The Reason Code of MQTT.</summary>
    public int? ReasonCode { get; init; }

    public required string Detail { get; init; }

    /// <summary>The rule that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>How often it happened.</summary>
    public required long Count { get; init; }

    internal static EventDocument Of(BrokerEvent one) => new()
    {
        Number = one.Number,
        Time = one.Time,
        Kind = ApiNames.Of(one.Kind.ToString()),
        ClientId = one.ClientId,
        UserName = one.UserName,
        Address = one.Address,
        Listener = one.Listener,
        Topic = one.Topic,
        ReasonCode = (int?)one.Reason,
        Detail = one.Detail,
        Rule = one.Rule,
        Count = one.Count,
    };
}

/// <param name="Items">The events, the oldest first.</param>
/// <param name="Last">To give as <c>after</c> for what comes next.</param>
public sealed record EventsDocument(IReadOnlyList<EventDocument> Items, long Last);

/// <summary>What the broker decided lately.</summary>
internal static class EventResource
{
    private const int WaitSecondsMax = 20;

    private static readonly Dictionary<string, BrokerEventKind> Kinds = Enum.GetValues<BrokerEventKind>().ToDictionary(kind => ApiNames.Of(kind.ToString()));

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/events", ListAsync).Needs(Scope.Read).Produces<EventsDocument>().WithTags("Why").WithSummary("What was decided lately: refused connections, dropped messages and others; with wait_seconds it waits for something new");

    private static async Task<IResult> ListAsync(
        long? after,
        int? limit,
        string? kind,
        [FromQuery(Name = "client_id")] string? clientId,
        string? topic,
        [FromQuery(Name = "wait_seconds")] int? waitSeconds,
        HttpContext context,
        [FromServices] ManagementContext management)
    {
        var count = Paging.CheckLimit(limit);
        if (waitSeconds is < 0 or > WaitSecondsMax) return Problem.BadRequest($"wait_seconds is {waitSeconds}; allowed is 0 to {WaitSecondsMax}.");

        var wanted = default(BrokerEventKind);
        if (kind is not null && !Kinds.TryGetValue(kind, out wanted)) return Problem.BadRequest($"kind '{kind}' is not known; there are {string.Join(", ", Kinds.Keys.Order(StringComparer.Ordinal))}.");

        var events = management.Sources.Broker.Events;
        if (waitSeconds > 0) await WaitAsync(events, after ?? events.Last, TimeSpan.FromSeconds(waitSeconds.Value), management.TimeProvider, context.RequestAborted);

        // Taken first: what comes meanwhile is told again rather than missed.
        var last = events.Last;
        var found = events.Read(after ?? 0, count, one => (kind is null || one.Kind == wanted) && (clientId is null || one.ClientId == clientId) && (topic is null || one.Topic == topic));
        return TypedResults.Ok(new EventsDocument([.. found.Select(EventDocument.Of)], Math.Max(last, found.Count > 0 ? found[^1].Number : 0)));
    }

    private static async Task WaitAsync(BrokerEvents events, long after, TimeSpan time, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(time, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        try
        {
            await events.WhenAfterAsync(after, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing new.
        }
    }
}
