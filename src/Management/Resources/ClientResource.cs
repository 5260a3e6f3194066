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

/// <summary>What can be done to clients.</summary>
internal static class ClientResource
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/clients/disconnect", Disconnect).Needs(Scope.Operate).Produces<DisconnectDocument>().WithTags("Clients").WithSummary("End a client's connection; its session stays");

    private static IResult Disconnect([FromBody] DisconnectRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        var count = management.Sources.Broker.DisconnectClients(identity => identity.ClientId == request.ClientId, ReasonCode.AdministrativeAction, "disconnected by the operator");
        if (count == 0) return Problem.NotFound("No client of this identifier is connected.");

        management.Note(context, "client.disconnect", request.ClientId);
        return TypedResults.Ok(new DisconnectDocument(count));
    }
}
