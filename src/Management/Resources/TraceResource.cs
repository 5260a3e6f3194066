using System.Text;
using System.Text.Json;
using Avocet.Broker.Tracing;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Follows packets of a client, an address or a topic.</summary>
internal static class TraceResource
{
    private const int MinutesMax = 60;
    private const int WaitSecondsMax = 20;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/traces", List).Needs(Scope.Operate).Produces<Page<TraceDocument>>().WithTags("Traces").WithSummary("Traces that run, or are over and not yet removed");
        api.MapPost("/traces", Start).Needs(Scope.Operate).Produces<TraceDocument>(StatusCodes.Status201Created).WithTags("Traces").WithSummary("Follow the packets of a client, an address or a topic for some minutes; payloads need admin");
        api.MapGet("/traces/{id}/entries", ReadAsync).Needs(Scope.Operate).Produces<TraceEntriesDocument>().WithTags("Traces").WithSummary("The packets behind a number; with wait_seconds it waits for the next one");
        api.MapGet("/traces/{id}/download", Download).Needs(Scope.Operate).Produces<IReadOnlyList<TraceEntryDocument>>().WithTags("Traces").WithSummary("All packets as a file, with format text or json");
        api.MapDelete("/traces/{id}", Remove).Needs(Scope.Operate).Produces(StatusCodes.Status204NoContent).WithTags("Traces").WithSummary("End a trace and remove what it has seen");
    }

    private static IResult List(string? cursor, int? limit, HttpContext context, [FromServices] ManagementContext management) =>
        TypedResults.Ok(Paging.Cut(management.Sources.Broker.Traces.List().Where(trace => MaySee(context, trace)).Select(TraceDocument.Of).OrderBy(trace => trace.Id, StringComparer.Ordinal), trace => trace.Id, cursor, limit));

    private static IResult Start([FromBody] NewTrace request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (request.Minutes is < 1 or > MinutesMax) return Problem.BadRequest($"minutes is {request.Minutes}; allowed is 1 to {MinutesMax}.");
        if (BrokerTraces.FindProblem((TraceKind)request.Kind, request.Value) is { } problem) return Problem.BadRequest(problem + ".");
        if (request.Payloads && Caller.Of(context).Scope < Scope.Admin) return Problem.Forbidden("To see payloads takes the scope admin; leave payloads out.");

        if (management.Sources.Broker.Traces.Start((TraceKind)request.Kind, request.Value, TimeSpan.FromMinutes(request.Minutes), request.Payloads) is not { } trace)
        {
            return Problem.Conflict($"{BrokerTraces.TracesMax} traces are running, which is the most. End one first.");
        }

        management.Note(context, "trace.start", $"{ApiNames.Of(trace.Kind.ToString())} {trace.Value}{(trace.WithPayloads ? ", with payloads" : "")}");
        return TypedResults.Created($"/api/v1/traces/{trace.Id}", TraceDocument.Of(trace));
    }

    private static async Task<IResult> ReadAsync(string id, long? after, int? limit, [FromQuery(Name = "wait_seconds")] int? waitSeconds, HttpContext context, [FromServices] ManagementContext management)
    {
        var count = Paging.CheckLimit(limit);
        if (waitSeconds is < 0 or > WaitSecondsMax) return Problem.BadRequest($"wait_seconds is {waitSeconds}; allowed is 0 to {WaitSecondsMax}.");

        var trace = Find(id, context, management);
        if (waitSeconds > 0) await WaitAsync(trace, after ?? 0, TimeSpan.FromSeconds(waitSeconds.Value), management.TimeProvider, context.RequestAborted);

        var isRunning = trace.IsRunning;
        var entries = trace.Read(after ?? 0, count);
        return TypedResults.Ok(new TraceEntriesDocument([.. entries.Select(TraceEntryDocument.Of)], entries.Count > 0 ? entries[^1].Number : after ?? 0, isRunning));
    }

    private static IResult Download(string id, string? format, HttpContext context, [FromServices] ManagementContext management)
    {
        if (format is not (null or "json" or "text")) return Problem.BadRequest($"format is '{format}'; there are json and text.");

        var trace = Find(id, context, management);
        var entries = trace.Read();
        if (format == "text") return TypedResults.File(Encoding.UTF8.GetBytes(TextOf(entries)), "text/plain; charset=utf-8", $"trace-{trace.Id}.txt");

        var json = JsonSerializer.SerializeToUtf8Bytes([.. entries.Select(TraceEntryDocument.Of)], ApiJson.Default.IReadOnlyListTraceEntryDocument);
        return TypedResults.File(json, "application/json", $"trace-{trace.Id}.json");
    }

    private static IResult Remove(string id, HttpContext context, [FromServices] ManagementContext management)
    {
        var trace = Find(id, context, management);
        if (!management.Sources.Broker.Traces.Remove(id)) return NotThere();

        management.Note(context, "trace.end", $"{ApiNames.Of(trace.Kind.ToString())} {trace.Value}");
        return TypedResults.NoContent();
    }

    /// <summary>What was begun with payloads is for those who may see them.</summary>
    private static Trace Find(string id, HttpContext context, ManagementContext management)
    {
        if (management.Sources.Broker.Traces.Find(id) is not { } trace) throw new ApiException(NotThere());

        return MaySee(context, trace) ? trace : throw new ApiException(Problem.Forbidden("This trace shows payloads, which takes the scope admin."));
    }

    private static bool MaySee(HttpContext context, Trace trace) => !trace.WithPayloads || Caller.Of(context).Scope >= Scope.Admin;

    private static Problem NotThere() => Problem.NotFound("There is no such trace.");

    private static async Task WaitAsync(Trace trace, long after, TimeSpan time, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(time, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        try
        {
            await trace.WhenAfterAsync(after, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing new.
        }
    }

    /// <summary>A line for each packet, with its fields below.</summary>
    private static string TextOf(IReadOnlyList<TraceEntry> entries)
    {
        var text = new StringBuilder();
        foreach (var entry in entries)
        {
            text.Append(entry.At.ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture)).Append(entry.IsOut ? " <- " : " -> ")
                .Append(Printable(entry.ClientId)).Append(' ').Append(entry.Address).Append(' ').Append(entry.Packet).Append(": ").Append(Printable(entry.Summary)).Append('\n');
            foreach (var (name, value) in entry.Detail) text.Append("    ").Append(name).Append(": ").Append(Printable(value)).Append('\n');
        }

        return text.ToString();
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
