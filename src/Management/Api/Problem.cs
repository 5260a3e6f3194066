using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Api;

/// <summary>What went wrong, as RFC 9457 has it: what, where, and what to do.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What kind of problem it is.</param>
/// <param name="Detail">What is wrong in this request, and what to do.</param>
public sealed record Problem(int Status, string Title, string Detail) : IResult
{
    /// <summary>The type is told by the status alone.</summary>
    public string Type { get; init; } = "about:blank";

    public static Problem BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "Bad request", detail);

    public static Problem Unauthorized(string detail) => new(StatusCodes.Status401Unauthorized, "Not logged in", detail);

    public static Problem Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "Not allowed", detail);

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    public static Problem Conflict(string detail) => new(StatusCodes.Status409Conflict, "Conflict", detail);

    public static Problem PreconditionFailed(string detail) => new(StatusCodes.Status412PreconditionFailed, "Changed meanwhile", detail);

    /// <summary>What the framework refuses with a bare status.</summary>
    public static Problem OfStatus(HttpContext context)
    {
        var request = context.Request;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => BadRequest("A parameter does not fit; /api/v1/openapi.json tells what each takes."),
            StatusCodes.Status404NotFound => NotFound("There is nothing at this path. /api/v1/openapi.json lists what there is."),
            StatusCodes.Status405MethodNotAllowed => new Problem(405, "Wrong method", $"This path does not take {request.Method}; see the Allow header."),
            StatusCodes.Status415UnsupportedMediaType => new Problem(415, "Wrong content type", "The body has to be JSON: send 'Content-Type: application/json'."),
            var status => new Problem(status, "Refused", "The request was refused."),
        };
    }

    public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext);

    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/problem+json";
        return JsonSerializer.SerializeAsync(context.Response.Body, this, ApiJson.Default.Problem, context.RequestAborted);
    }
}

/// <summary>Ends a request with a problem from wherever it is found.</summary>
internal sealed class ApiException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem => problem;
}
