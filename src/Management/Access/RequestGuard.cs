using System.Text.Json;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Access;

/// <summary>
/// Around every request: only so many at a time and only so long each, no host name but ours, headers that let a browser do no harm, and one form for everything that
/// goes wrong.
/// </summary>
internal sealed class RequestGuard(ManagementContext management)
{
    /// <summary>Scripts, styles and data of our own only, and no frame around us.</summary>
    public const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private readonly HostCheck _hosts = new(management.Options.AllowedHosts);
    private int _requests;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        SetHeaders(context.Response.Headers);
        if (!_hosts.IsAllowed(context.Request.Host.Host))
        {
            await new Problem(StatusCodes.Status421MisdirectedRequest, "Unknown host", $"This is not '{Printable(context.Request.Host.Host)}'. Use an address or localhost, or add the name to console.allowed_hosts.").WriteAsync(context);
            return;
        }

        using var end = new CancellationTokenSource(ManagementLimits.RequestTimeMax, management.TimeProvider);
        var slot = new RequestSlot(end, () => Interlocked.Decrement(ref _requests));
        try
        {
            if (Interlocked.Increment(ref _requests) > ManagementLimits.RequestsMax)
            {
                context.Response.Headers.RetryAfter = "1";
                await new Problem(StatusCodes.Status503ServiceUnavailable, "Busy", $"{ManagementLimits.RequestsMax} requests are being handled; try again in a second.").WriteAsync(context);
                return;
            }

            slot.AddTo(context);
            await HandleAsync(context, next, end);
        }
        finally
        {
            slot.GiveBack();
        }
    }

    private async Task HandleAsync(HttpContext context, RequestDelegate next, CancellationTokenSource end)
    {
        var gone = context.RequestAborted;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, end.Token);
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400 }) await Problem.OfStatus(context).WriteAsync(context);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            context.Abort();
        }
#pragma warning disable CA1031 // The last place before the web server, which would answer with nothing.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.RequestAborted = gone;
            context.Response.Clear();
            SetHeaders(context.Response.Headers);
            await ProblemOf(context, exception).WriteAsync(context);
        }
    }

    private Problem ProblemOf(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case ApiException refused:
                return refused.Problem;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Problem(StatusCodes.Status413PayloadTooLarge, "Too large", $"A body has at most {ManagementLimits.BodyBytesMax} bytes.");
            case BadHttpRequestException { InnerException: JsonException json }:
                return Problem.BadRequest($"The body does not fit: {BindingText.OfBody(json.Message)} at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}.");
            case BadHttpRequestException bad:
                return new Problem(bad.StatusCode, "Bad request", BindingText.OfParameter(bad.Message) + ".");
            case ManagementException failed:
                return new Problem(StatusCodes.Status503ServiceUnavailable, "Not done", failed.Message);
            case OperationCanceledException:
                return new Problem(StatusCodes.Status503ServiceUnavailable, "Too slow", $"This took more than {ManagementLimits.RequestTimeMax.TotalSeconds} s and was given up. Whether it is done is open.");
            default:
                Log.RequestFailed(management.Logger, exception, context.Request.Method, context.Request.Path);
                return new Problem(StatusCodes.Status500InternalServerError, "Mistake of ours", "This failed in a way nobody expected. The broker's log tells more; report it, please.");
        }
    }

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    private static string Printable(string host) => string.Concat(host.Take(100).Select(c => char.IsControl(c) ? '?' : c));
}
