using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Streams;

/// <summary>
/// Lets streams of server-sent events run: so many at a time, as long as their caller's credentials hold, and none beyond the end of the host. A caller that does not
/// read is waited for by nobody but its own stream, and cut off by the web server.
/// </summary>
internal sealed class StreamGate(TimeProvider timeProvider) : IDisposable
{
    /// <summary>How often credentials are looked at again, and something is sent, so that a caller which is gone is noticed.</summary>
    public static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private int _streams;

    /// <summary>Streams that run.</summary>
    public int Count => Volatile.Read(ref _streams);

    /// <summary>Ends all streams: the host stops.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    /// <summary>Answers a request with a stream, or with 503 where there are too many.</summary>
    /// <param name="context">The request.</param>
    /// <param name="run">Makes the events; its token ends with the stream.</param>
    public IResult Open(HttpContext context, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> run)
    {
        if (Interlocked.Increment(ref _streams) > ManagementLimits.StreamsMax)
        {
            Interlocked.Decrement(ref _streams);
            return new Problem(StatusCodes.Status503ServiceUnavailable, "Busy", $"{ManagementLimits.StreamsMax} streams are open, which is the most; close one.");
        }

        // The response frees the place, for a stream whose caller has gone before its first event is never begun, and so never ends.
        context.Response.RegisterForDispose(new Place(this));
        RequestSlot.Of(context).BecomeStream();
        // Proxies such as nginx would gather events else.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(RunAsync(context, run, context.RequestAborted));
    }

    private async IAsyncEnumerable<SseItem<string>> RunAsync(
        HttpContext context, Func<CancellationToken, IAsyncEnumerable<SseItem<string>>> run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var caller = Caller.Of(context);
        await using var check = timeProvider.CreateTimer(_ => EndIfRefused(caller, end), null, CheckPeriod, CheckPeriod);
        await foreach (var item in QuietlyAsync(run(end.Token), end.Token)) yield return item;
    }

    private static void EndIfRefused(Caller caller, CancellationTokenSource end)
    {
        try
        {
            if (!caller.IsStillValid()) end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The stream has just ended.
        }
    }

    /// <summary>A stream that is told to end does so without an error.</summary>
    private static async IAsyncEnumerable<SseItem<string>> QuietlyAsync(IAsyncEnumerable<SseItem<string>> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var enumerator = items.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync()) yield break;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                yield break;
            }

            yield return enumerator.Current;
        }
    }

    private sealed class Place(StreamGate gate) : IDisposable
    {
        private int _isFree;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0) Interlocked.Decrement(ref gate._streams);
        }
    }
}
