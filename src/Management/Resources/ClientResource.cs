using System.Globalization;
using Avocet.Broker.Inspection;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <param name="ClientId">Whose connection is to end. In the body, for a client identifier may have any characters.</param>
public sealed record DisconnectRequest(string ClientId);

/// <param name="Disconnected">How many connections were ended.</param>
public sealed record DisconnectDocument(int Disconnected);

/// <param name="ClientId">Whose session is meant. In the body, for a client identifier may have any characters.</param>
public sealed record SessionRequest(string ClientId);

/// <param name="Ended">How many sessions were ended.</param>
public sealed record EndedDocument(int Ended);

/// <param name="Removed">How many messages were removed.</param>
public sealed record ClearedDocument(long Removed);

/// <summary>Clients, what waits for them, and what can be done to them. A client identifier may have any characters, so that it stands in no path.</summary>
internal static class ClientResource
{
    private static readonly Dictionary<string, ClientSort> Sorts = Enum.GetValues<ClientSort>().ToDictionary(sort => ApiNames.Of(sort.ToString()));

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/clients", List).Needs(Scope.Read).Produces<ClientsDocument>().WithTags("Clients").WithSummary("Clients that are connected, or whose sessions wait for them; text is a part of the client identifier, user name or address; skip begins in the middle, for who scrolls there");
        api.MapGet("/clients/one", Get).Needs(Scope.Read).Produces<ClientDocument>().WithTags("Clients").WithSummary("One client");
        api.MapGet("/clients/queue", PeekQueue).Needs(Scope.Operate).Produces<QueueDocument>().WithTags("Clients").WithSummary("The beginning of what is in flight to a client, and of what waits for it");
        api.MapGet("/subscriptions", ListSubscriptions).Needs(Scope.Read).Produces<Page<SubscriptionDocument>>().WithTags("Clients").WithSummary("The subscriptions of a client, or of all");
        api.MapPost("/clients/disconnect", Disconnect).Needs(Scope.Operate).Produces<DisconnectDocument>().WithTags("Clients").WithSummary("End a client's connection; its session stays");
        api.MapPost("/clients/queue/clear", ClearQueueAsync).Needs(Scope.Operate).Produces<ClearedDocument>().WithTags("Clients").WithSummary("Remove what waits for a client; what is in flight stays");
        api.MapPost("/sessions/end", EndSessionAsync).Needs(Scope.Operate).Produces<EndedDocument>().WithTags("Clients").WithSummary("End a client's session with its subscriptions and queue, and its connection, too");
    }

    private static IResult List(
        string? text, bool? connected, string? listener, string? sort, bool? descending, string? cursor, int? skip, int? limit, [FromServices] ManagementContext management)
    {
        var order = ClientSort.ClientId;
        if (sort is not null && !Sorts.TryGetValue(sort, out order)) return Problem.BadRequest($"sort '{sort}' is not known; there are {string.Join(", ", Sorts.Keys)}.");

        if (skip < 0) return Problem.BadRequest($"skip is {skip}; allowed is 0 and more.");
        if (skip is not null && cursor is not null) return Problem.BadRequest("cursor and skip both say where to begin; leave one out.");

        var start = skip ?? 0;
        if (Paging.Decode(cursor) is { } key && !int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out start)) return Problem.BadRequest("cursor is none of ours; leave it out to begin anew.");

        var count = Paging.CheckLimit(limit);
        var page = management.Sources.Broker.Inspector.ListClients(new ClientQuery { Text = text, IsConnected = connected, Listener = listener, Sort = order, IsDescending = descending ?? false, Skip = start, Max = count });
        // Figures change while somebody reads on, so that there is no better place to go on from than a number.
        var next = start + page.Clients.Count < page.Total && page.Clients.Count > 0 ? Paging.Encode((start + page.Clients.Count).ToString(CultureInfo.InvariantCulture)) : null;
        return TypedResults.Ok(new ClientsDocument([.. page.Clients.Select(ClientDocument.Of)], next, page.Total));
    }

    private static IResult Get([FromQuery(Name = "client_id")] string clientId, [FromServices] ManagementContext management) =>
        management.Sources.Broker.Inspector.FindClient(clientId) is { } client ? TypedResults.Ok(ClientDocument.Of(client)) : NoSession();

    private static IResult PeekQueue([FromQuery(Name = "client_id")] string clientId, int? limit, [FromServices] ManagementContext management)
    {
        if (management.Sources.Broker.Inspector.PeekQueue(clientId, Paging.CheckLimit(limit), MessageDocument.PayloadBytesMax) is not { } peek) return NoSession();

        return TypedResults.Ok(new QueueDocument([.. peek.Inflight.Select(MessageDocument.Of)], [.. peek.Queued.Select(MessageDocument.Of)], peek.QueuedTotal));
    }

    private static IResult ListSubscriptions([FromQuery(Name = "client_id")] string? clientId, string? cursor, int? limit, [FromServices] ManagementContext management)
    {
        var ordered = management.Sources.Broker.Inspector.ListSubscriptions(clientId)
            .Select(one => new SubscriptionDocument(one.ClientId, one.Filter, (int)one.Qos, one.NoLocal, one.RetainAsPublished, one.SubscriptionId))
            .OrderBy(KeyOf, StringComparer.Ordinal);
        return TypedResults.Ok(Paging.Cut(ordered, KeyOf, cursor, limit));

        // No client identifier has U+0000. [MQTT-1.5.4-2]
        static string KeyOf(SubscriptionDocument one) => $"{one.ClientId}\0{one.Filter}";
    }

    private static Problem NoSession() => Problem.NotFound("No client of this identifier is connected or has a session.");

    private static IResult Disconnect([FromBody] DisconnectRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        var count = management.Sources.Broker.DisconnectClients(identity => identity.ClientId == request.ClientId, ReasonCode.AdministrativeAction, "disconnected by the operator");
        if (count == 0) return Problem.NotFound("No client of this identifier is connected.");

        management.Note(context, "client.disconnect", request.ClientId);
        return TypedResults.Ok(new DisconnectDocument(count));
    }

    private static async Task<IResult> ClearQueueAsync([FromBody] SessionRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (await management.Sources.Broker.Inspector.ClearQueueAsync(request.ClientId, context.RequestAborted) is not { } count) return NoSession();

        management.Note(context, "client.queue.clear", $"{request.ClientId}: {count} messages");
        return TypedResults.Ok(new ClearedDocument(count));
    }

    private static async Task<IResult> EndSessionAsync([FromBody] SessionRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (!await management.Sources.Broker.Inspector.EndSessionAsync(request.ClientId, "ended by the operator", context.RequestAborted)) return NoSession();

        management.Note(context, "session.end", request.ClientId);
        return TypedResults.Ok(new EndedDocument(1));
    }
}
