using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Broker.Watching;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Messages as they come, for whoever looks on.</summary>
internal static class WatchResource
{
    private const int RateDefault = 100;
    private const int RateMax = 1000;
    private const int RetainedMax = 10_000;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    /// <summary>After so long without a message something is sent all the same, so that proxies let the connection be.</summary>
    private static readonly TimeSpan AliveAfter = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/messages/stream", Open).Needs(Scope.Operate).Produces<string>(StatusCodes.Status200OK, "text/event-stream").WithTags("Messages")
            .WithSummary("Server-sent events: message for each message that matches a filter, retained ones first, and skipped with a count where more come than max_per_second");

    private static IResult Open(string filter, [FromQuery(Name = "max_per_second")] int? maxPerSecond, HttpContext context, [FromServices] ManagementContext management)
    {
        var rate = maxPerSecond ?? RateDefault;
        if (rate is < 1 or > RateMax) return Problem.BadRequest($"max_per_second is {rate}; allowed is 1 to {RateMax}.");
        if (!MqttBroker.IsValidFilter(filter)) return RetainedResource.NotValid(filter);

        return management.Streams.Open(context, token => RunAsync(management, filter, rate, token));
    }

    private static async IAsyncEnumerable<SseItem<string>> RunAsync(ManagementContext management, string filter, int rate, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var broker = management.Sources.Broker;
        var time = management.TimeProvider;
        // Begun before the retained messages are read, so that nothing is missed between.
        using var watch = broker.Watch(filter, rate);
        yield return new SseItem<string>("{}", "ready");
        var pace = new Pace(rate, Window, time);
        foreach (var message in broker.Inspector.EnumerateRetained(filter, RetainedMax, MessageWatch.PayloadBytesMax))
        {
            await pace.WaitAsync(cancellationToken);
            pace.Count(1);
            yield return Item(WatchedDocument.OfRetained(message));
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            await pace.WaitAsync(cancellationToken);
            if (!await WaitAsync(watch, time, cancellationToken))
            {
                yield return new SseItem<string>("{}", "alive");
                continue;
            }

            var messages = watch.Take(pace.Left, out var skipped);
            pace.Count(messages.Count);
            if (skipped > 0) yield return new SseItem<string>(JsonSerializer.Serialize(new SkippedDocument(skipped), ApiJson.Default.SkippedDocument), "skipped");

            foreach (var message in messages) yield return Item(WatchedDocument.Of(message));
        }
    }

    /// <summary>False when nothing came for long.</summary>
    private static async Task<bool> WaitAsync(MessageWatch watch, TimeProvider time, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(AliveAfter, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        try
        {
            await watch.WhenAnyAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static SseItem<string> Item(WatchedDocument message) => new(JsonSerializer.Serialize(message, ApiJson.Default.WatchedDocument), "message");

    /// <summary>So many in a window of time, then a pause to its end.</summary>
    private sealed class Pace(int max, TimeSpan window, TimeProvider time)
    {
        private long _since = time.GetTimestamp();
        private int _count;

        public int Left => max - _count;

        public void Count(int count) => _count += count;

        public async Task WaitAsync(CancellationToken cancellationToken)
        {
            var left = window - time.GetElapsedTime(_since);
            if (left > TimeSpan.Zero && Left > 0) return;
            if (left > TimeSpan.Zero) await Task.Delay(left, time, cancellationToken);

            _since = time.GetTimestamp();
            _count = 0;
        }
    }
}
