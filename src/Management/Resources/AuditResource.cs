using System.Globalization;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Management.Audit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Who changed what.</summary>
internal static class AuditResource
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/audit", List).Needs(Scope.Admin).Produces<Page<AuditEntry>>().WithTags("Audit").WithSummary("Who changed what, newest first");

    private static IResult List(string? cursor, int? limit, string? who, string? action, [FromServices] ManagementContext management)
    {
        var count = Paging.CheckLimit(limit);
        var below = long.MaxValue;
        if (Paging.Decode(cursor) is { } key && !long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out below))
        {
            return Problem.BadRequest("cursor is none of ours; leave it out to begin anew.");
        }

        var found = management.Audit.Find(below, count + 1, entry => (who is null || entry.Who == who) && (action is null || entry.Action == action || entry.Action.StartsWith(action + ".", StringComparison.Ordinal)));
        if (found.Count <= count) return TypedResults.Ok(new Page<AuditEntry>(found, null));

        found.RemoveAt(count);
        return TypedResults.Ok(new Page<AuditEntry>(found, Paging.Encode(found[^1].Id.ToString(CultureInfo.InvariantCulture))));
    }
}
