using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Management.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <param name="Clients">Devices, each with its connection.</param>
/// <param name="Minutes">After which it ends by itself.</param>
public sealed record NewSimulation(int Clients = 20, int Minutes = 30);

/// <summary>Whether the simulated home runs; the rest only while it does.</summary>
public sealed record SimulationDocument(bool IsRunning, int? Clients = null, DateTimeOffset? StartedAt = null, DateTimeOffset? EndsAt = null);

/// <param name="RetainedRemoved">Retained messages of its devices that were removed.</param>
public sealed record SimulationEndDocument(int RetainedRemoved);

/// <summary>A simulated smart home, to see a broker alive.</summary>
internal static class SimulationResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/simulation", Show).Needs(Scope.Read).Produces<SimulationDocument>().WithTags("Simulation").WithSummary("Whether the simulated home runs, and until when");
        api.MapPost("/simulation", StartAsync).Needs(Scope.Operate).Produces<SimulationDocument>(StatusCodes.Status201Created).WithTags("Simulation").WithSummary("Start a simulated smart home, with devices below the topic simulation/ and Home Assistant discovery");
        api.MapDelete("/simulation", StopAsync).Needs(Scope.Operate).Produces<SimulationEndDocument>().WithTags("Simulation").WithSummary("End the simulated home; its retained messages are removed");
    }

    private static IResult Show([FromServices] ManagementContext management) => TypedResults.Ok(Describe(management.Simulation.Current));

    private static async Task<IResult> StartAsync([FromBody] NewSimulation request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (request.Clients is < 1 or > HomeSimulation.ClientsMax) return Problem.BadRequest($"clients is {request.Clients}; allowed is 1 to {HomeSimulation.ClientsMax}.");
        if (request.Minutes is < 1 or > HomeSimulation.MinutesMax) return Problem.BadRequest($"minutes is {request.Minutes}; allowed is 1 to {HomeSimulation.MinutesMax}.");
        if (await management.Simulation.StartAsync(request.Clients, TimeSpan.FromMinutes(request.Minutes), context.RequestAborted) is not { } home)
        {
            return Problem.Conflict("A simulated home runs already. End it first (DELETE /api/v1/simulation).");
        }

        management.Note(context, "simulation.start", $"{request.Clients} devices, {request.Minutes} minutes");
        return TypedResults.Created("/api/v1/simulation", Describe(home));
    }

    private static async Task<IResult> StopAsync(HttpContext context, [FromServices] ManagementContext management)
    {
        if (await management.Simulation.StopAsync(context.RequestAborted) is not { } removed) return Problem.NotFound("No simulated home runs.");

        management.Note(context, "simulation.end", $"{removed} retained messages removed");
        return TypedResults.Ok(new SimulationEndDocument(removed));
    }

    private static SimulationDocument Describe(SimulatedHome? home) => home is null ? new SimulationDocument(false) : new SimulationDocument(true, home.Clients, home.StartedAt, home.EndsAt);
}
