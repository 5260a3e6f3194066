using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>An API key, without the key.</summary>
public sealed record KeyDocument(string Id, string Name, Scope Scope, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

/// <param name="Name">What it is for.</param>
/// <param name="Scope">What it may do.</param>
/// <param name="Days">After how many days it ends; null for never.</param>
public sealed record NewKey(string Name, Scope Scope, int? Days = null);

/// <summary>A key that was just made. It is shown this once.</summary>
public sealed record CreatedKey(string Id, string Name, Scope Scope, DateTimeOffset? ExpiresAt, string Key);

/// <summary>The keys of programs.</summary>
internal static class KeyResource
{
    private const int DaysMax = 3650;
    private const int NameLengthMax = 64;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/api-keys", List).Needs(Scope.Admin).Produces<Page<KeyDocument>>().WithTags("API keys").WithSummary("The API keys, without the keys themselves");
        api.MapPost("/api-keys", Create).Needs(Scope.Admin).Produces<CreatedKey>(StatusCodes.Status201Created).WithTags("API keys").WithSummary("Make a key; the answer is the only place where it stands");
        api.MapGet("/api-keys/{id}", Get).Needs(Scope.Admin).Produces<KeyDocument>().WithTags("API keys").WithSummary("One API key");
        api.MapDelete("/api-keys/{id}", Delete).Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("API keys").WithSummary("Delete a key; it ends at once");
    }

    private static IResult List(string? cursor, int? limit, [FromServices] ManagementContext management)
    {
        var page = Paging.Cut(management.Accounts.Current.Keys.OrderBy(key => key.Id, StringComparer.Ordinal), key => key.Id, cursor, limit);
        return TypedResults.Ok(new Page<KeyDocument>([.. page.Items.Select(ToDocument)], page.Next));
    }

    private static IResult Create([FromBody] NewKey request, HttpContext context, [FromServices] ManagementContext management)
    {
        var isNamed = request.Name.Length is > 0 and <= NameLengthMax && !request.Name.Any(char.IsControl);
        if (!isNamed) return Problem.BadRequest($"name has 1 to {NameLengthMax} characters, which can be printed.");
        if (!Enum.IsDefined(request.Scope)) return Problem.BadRequest("scope is one of read, operate, admin.");
        if (request.Days is < 1 or > DaysMax) return Problem.BadRequest($"days is {request.Days}; allowed is 1 to {DaysMax}, or nothing for never.");

        var text = Secrets.CreateKey();
        var now = management.TimeProvider.GetUtcNow();
        var key = new ApiKey
        {
            Id = Secrets.CreateId(),
            Name = request.Name,
            Scope = request.Scope,
            Hash = Secrets.HashOf(text),
            CreatedAt = now,
            CreatedBy = Caller.Of(context).Name,
            ExpiresAt = request.Days is { } days ? now.AddDays(days) : null,
        };
        management.Accounts.Edit(document => document.Keys.Count >= ManagementLimits.KeysMax
            ? throw new ApiException(Problem.Conflict($"There are {ManagementLimits.KeysMax} keys, which is the most. Delete some."))
            : document with { Keys = [.. document.Keys, key] });
        management.Note(context, "key.create", $"{key.Id} {key.Name}", null, Describe(key));
        return TypedResults.Created($"/api/v1/api-keys/{key.Id}", new CreatedKey(key.Id, key.Name, key.Scope, key.ExpiresAt, text));
    }

    private static IResult Get(string id, [FromServices] ManagementContext management) => TypedResults.Ok(ToDocument(Find(management.Accounts.Current, id)));

    private static IResult Delete(string id, HttpContext context, [FromServices] ManagementContext management)
    {
        ApiKey? gone = null;
        management.Accounts.Edit(document =>
        {
            gone = Find(document, id);
            return document with { Keys = [.. document.Keys.Where(key => key.Id != id)] };
        });
        management.Note(context, "key.delete", $"{gone!.Id} {gone.Name}", Describe(gone));
        return TypedResults.NoContent();
    }

    private static ApiKey Find(ConsoleDocument document, string id) =>
        document.Keys.FirstOrDefault(key => key.Id == id) ?? throw new ApiException(Problem.NotFound("There is no such API key."));

    private static Dictionary<string, string> Describe(ApiKey key) => new() { ["scope"] = ApiNames.Of(key.Scope), ["expires_at"] = key.ExpiresAt?.ToString("O") ?? "never" };

    private static KeyDocument ToDocument(ApiKey key) => new(key.Id, key.Name, key.Scope, key.CreatedAt, key.CreatedBy, key.ExpiresAt, key.LastUsedAt);
}
