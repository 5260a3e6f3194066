using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Which retained messages to remove.</summary>
public sealed record RemoveRetainedRequest
{
    /// <summary>A Topic Filter.</summary>
    public required string Filter { get; init; }

    /// <summary>Only count them.</summary>
    public bool DryRun { get; init; }
}

/// <param name="Count">Messages that were removed, or would be.</param>
/// <param name="IsDryRun">Whether they are all still there.</param>
public sealed record RemoveRetainedDocument(int Count, bool IsDryRun);

/// <summary>Retained messages.</summary>
internal static class RetainedResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/retained", List).Needs(Scope.Read).Produces<IReadOnlyList<MessageDocument>>().WithTags("Messages").WithSummary("Retained messages whose topics match a filter; without one all but those that begin with $");
        api.MapPost("/retained/remove", Remove).Needs(Scope.Operate).Produces<RemoveRetainedDocument>().WithTags("Messages").WithSummary("Remove retained messages whose topics match a filter, or only count them");
    }

    private static IResult List(string? filter, int? limit, [FromServices] ManagementContext management)
    {
        var count = Paging.CheckLimit(limit);
        try
        {
            var found = management.Sources.Broker.Inspector.FindRetained(filter ?? "#", count, MessageDocument.PayloadBytesMax);
            return TypedResults.Ok<IReadOnlyList<MessageDocument>>([.. found.Select(MessageDocument.Of)]);
        }
        catch (ArgumentException)
        {
            return NotValid(filter!);
        }
    }

    private static IResult Remove([FromBody] RemoveRetainedRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        try
        {
            var inspector = management.Sources.Broker.Inspector;
            if (request.DryRun) return TypedResults.Ok(new RemoveRetainedDocument(inspector.FindRetained(request.Filter, int.MaxValue, 0).Count, true));

            var count = inspector.RemoveRetained(request.Filter);
            management.Note(context, "retained.remove", $"{request.Filter}: {count} messages");
            return TypedResults.Ok(new RemoveRetainedDocument(count, false));
        }
        catch (ArgumentException)
        {
            return NotValid(request.Filter);
        }
    }

    public static Problem NotValid(string filter) => Problem.BadRequest($"'{filter}' is not a valid Topic Filter: + stands for a whole level, # for all that follow, at the end only.");
}
