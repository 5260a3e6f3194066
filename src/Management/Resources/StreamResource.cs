using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Avocet.Broker.Monitoring.Events;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>The overview every second, and each event as it happens.</summary>
internal static class StreamResource
{
    /// <summary>Events of one stream that are told at a time; of more that gather while a caller reads slowly the oldest are left out.</summary>
    private const int EventsMax = 1000;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/stream", Open).Needs(Scope.Read).Produces<string>(StatusCodes.Status200OK, "text/event-stream").WithTags("Broker")
            .WithSummary("Server-sent events: overview every second, and event for each event; Last-Event-ID resumes");

    private static IResult Open([FromHeader(Name = "Last-Event-ID")] string? lastEventId, HttpContext context, [FromServices] ManagementContext management)
    {
        var events = management.Sources.Broker.Events;
        var after = events.Last;
        if (!string.IsNullOrEmpty(lastEventId))
        {
            if (!long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var known)) return Problem.BadRequest("Last-Event-ID is not the number of an event; leave it out to begin with what comes.");

            // Another broker process counted further: all that this one knows is new.
            after = known <= after ? known : 0;
        }

        return management.Streams.Open(context, token => RunAsync(management, events, after, token));
    }

    private static async IAsyncEnumerable<SseItem<string>> RunAsync(ManagementContext management, BrokerEvents events, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var listening = management.Overview.Listen();
        var tick = management.Overview.NextAsync();
        yield return Overview(management.Overview.Read());
        var news = events.WhenAfterAsync(after, cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(news, tick).WaitAsync(cancellationToken);
            if (tick.IsCompleted)
            {
                yield return Overview(await tick);
                tick = management.Overview.NextAsync();
            }

            if (!news.IsCompleted) continue;

            foreach (var one in events.Read(after, EventsMax))
            {
                after = one.Number;
                yield return new SseItem<string>(JsonSerializer.Serialize(EventDocument.Of(one), ApiJson.Default.EventDocument), "event") { EventId = one.Number.ToString(CultureInfo.InvariantCulture) };
            }

            news = events.WhenAfterAsync(after, cancellationToken);
        }
    }

    private static SseItem<string> Overview(string json) => new(json, "overview");
}
