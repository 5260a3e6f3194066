using Avocet.Management.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <param name="Status"><c>ok</c>, or <c>failing</c>.</param>
/// <param name="Reasons">What is wrong.</param>
public sealed record HealthDocument(string Status, IReadOnlyList<string> Reasons);

/// <summary>For whoever starts and watches brokers. Open, so it tells no more than it has to.</summary>
internal static class HealthResource
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", GetLive).IsOpen().Produces<HealthDocument>().WithTags("Health").WithSummary("Whether the process answers");
        app.MapGet("/health/ready", GetReady).IsOpen().Produces<HealthDocument>().Produces<HealthDocument>(StatusCodes.Status503ServiceUnavailable).WithTags("Health")
            .WithSummary("Whether the broker takes clients and messages, and if not, why");
    }

    private static IResult GetLive() => TypedResults.Ok(new HealthDocument("ok", []));

    private static IResult GetReady([FromServices] ManagementContext management)
    {
        var broker = management.Sources.Broker;
        var reasons = new List<string>();
        if (broker.IsStopping) reasons.Add("the broker is stopping");
        if (broker.Storage.Problem is not null) reasons.Add("the store does not write; QoS 1 and 2 are refused");
        if (broker.IsMemoryShort) reasons.Add("memory is short; new clients are refused");

        return reasons.Count == 0
            ? TypedResults.Ok(new HealthDocument("ok", []))
            : TypedResults.Json(new HealthDocument("failing", reasons), Api.ApiJson.Default.HealthDocument, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
