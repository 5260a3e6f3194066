using System.Text.Json.Serialization;
using Avocet.Broker.Bans;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>What a ban names.</summary>
[JsonConverter(typeof(WordConverter<BannedKind>))]
public enum BannedKind
{
    [JsonStringEnumMemberName("client_id")]
    ClientId = BanKind.ClientId,

    [JsonStringEnumMemberName("username")]
    UserName = BanKind.UserName,

    /// <summary>An IP address, or a network such as 10.1.0.0/16.</summary>
    [JsonStringEnumMemberName("address")]
    Address = BanKind.Address,
}

/// <param name="Kind">What it names.</param>
/// <param name="Value">The client identifier, user name, address or network.</param>
/// <param name="Minutes">For how long; null for ever.</param>
/// <param name="Reason">Why, for the operator.</param>
public sealed record NewBan(BannedKind Kind, string Value, int? Minutes = null, string? Reason = null);

/// <summary>Somebody who may not connect.</summary>
public sealed record BanDocument(string Id, BannedKind Kind, string Value, DateTimeOffset? Until, string Reason, DateTimeOffset CreatedAt);

/// <summary>Who may not connect.</summary>
internal static class BanResource
{
    private const int MinutesMax = 10 * 365 * 24 * 60;
    private const int ReasonLengthMax = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/bans", List).Needs(Scope.Read).Produces<Page<BanDocument>>().WithTags("Bans").WithSummary("Who may not connect");
        api.MapPost("/bans", AddAsync).Needs(Scope.Operate).Produces<BanDocument>(StatusCodes.Status201Created).WithTags("Bans").WithSummary("Ban a client identifier, user name, address or network; its connections end");
        api.MapDelete("/bans/{id}", RemoveAsync).Needs(Scope.Operate).Produces(StatusCodes.Status204NoContent).WithTags("Bans").WithSummary("End a ban");
    }

    private static IResult List(string? cursor, int? limit, [FromServices] ManagementContext management) =>
        TypedResults.Ok(Paging.Cut(management.Sources.Broker.Bans.List().Select(ToDocument).OrderBy(ban => ban.Id, StringComparer.Ordinal), ban => ban.Id, cursor, limit));

    private static async Task<IResult> AddAsync([FromBody] NewBan request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (!BanList.TryCheck((BanKind)request.Kind, request.Value, out var problem)) return Problem.BadRequest(problem + ".");
        if (request.Minutes is < 1 or > MinutesMax) return Problem.BadRequest($"minutes is {request.Minutes}; allowed is 1 to {MinutesMax}, or nothing for ever.");
        if (request.Reason is { Length: > ReasonLengthMax }) return Problem.BadRequest($"reason has at most {ReasonLengthMax} characters.");

        TimeSpan? time = request.Minutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
        if (await management.Sources.Broker.Bans.AddAsync((BanKind)request.Kind, request.Value, time, request.Reason ?? "", context.RequestAborted) is not { } ban)
        {
            return Problem.Conflict($"There are {BanList.BansMax} bans, which is the most. Remove some, or ban a network.");
        }

        management.Note(context, "ban.add", Describe(ban));
        return TypedResults.Created($"/api/v1/bans/{ban.Id}", ToDocument(ban));
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, [FromServices] ManagementContext management)
    {
        var bans = management.Sources.Broker.Bans;
        var ban = bans.List().FirstOrDefault(one => one.Id == id);
        if (ban is null || !await bans.RemoveAsync(id, context.RequestAborted)) return Problem.NotFound("There is no such ban, or its time is over.");

        management.Note(context, "ban.remove", Describe(ban));
        return TypedResults.NoContent();
    }

    private static string Describe(Ban ban) => $"{ApiNames.Of(ban.Kind.ToString())} {ban.Value}";

    private static BanDocument ToDocument(Ban ban) => new(ban.Id, (BannedKind)ban.Kind, ban.Value, ban.Until, ban.Reason, ban.CreatedAt);
}
