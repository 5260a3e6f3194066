using System.Text;
using Avocet.Broker.Publishing;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>A message to publish.</summary>
public sealed record PublishRequest
{
    public required string Topic { get; init; }

    /// <summary>The payload as text.</summary>
    public string? Payload { get; init; }

    /// <summary>The payload as bytes, in place of the text.</summary>
    public byte[]? PayloadBase64 { get; init; }

    public int Qos { get; init; }

    public bool Retain { get; init; }

    public uint? ExpirySeconds { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public IReadOnlyList<UserPropertyDocument>? UserProperties { get; init; }
}

public sealed record UserPropertyDocument(string Name, string Value);

/// <param name="Matched">Sessions whose subscriptions matched.</param>
/// <param name="Dropped">Those of them that dropped it, for their queue is full.</param>
public sealed record PublishDocument(int Matched, int Dropped);

/// <summary>Publishes.</summary>
internal static class PublishResource
{
    private const int UserPropertiesMax = 100;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/publish", PublishAsync).Needs(Scope.Operate).Produces<PublishDocument>().WithTags("Messages").WithSummary("Publish a message; answered once it is kept as one of a client");

    private static async Task<IResult> PublishAsync([FromBody] PublishRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (request.Qos is < 0 or > 2) return Problem.BadRequest($"qos is {request.Qos}; allowed is 0, 1 or 2.");
        if (request.Payload is not null && request.PayloadBase64 is not null) return Problem.BadRequest("Give payload or payload_base64, not both.");
        if (request.UserProperties is { Count: > UserPropertiesMax }) return Problem.BadRequest($"user_properties has at most {UserPropertiesMax} items.");

        var message = new BrokerMessage
        {
            Topic = request.Topic,
            Payload = request.PayloadBase64 ?? Encoding.UTF8.GetBytes(request.Payload ?? ""),
            Qos = (Qos)request.Qos,
            Retain = request.Retain,
            ExpirySeconds = request.ExpirySeconds,
            ContentType = request.ContentType,
            ResponseTopic = request.ResponseTopic,
            UserProperties = [.. (request.UserProperties ?? []).Select(property => KeyValuePair.Create(property.Name, property.Value))],
        };
        var outcome = await management.Sources.Broker.PublishAsync(message, context.RequestAborted);
        if (outcome.Problem is { } problem)
        {
            return outcome.IsInvalid ? Problem.BadRequest($"Not published: {problem}.") : new Problem(StatusCodes.Status503ServiceUnavailable, "Not published", $"Not published: {problem}.");
        }

        management.Note(context, "publish", request.Topic);
        return TypedResults.Ok(new PublishDocument(outcome.Matched, outcome.Dropped));
    }
}
