using System.Net;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Access;

/// <summary>Finds out who asks, and refuses who may not. An endpoint that says nothing of access is closed.</summary>
internal sealed class AccessMiddleware(ManagementContext management)
{
    /// <summary>A header that no form and no link of another site can send.</summary>
    public const string ConsoleHeader = "X-Avocet-Console";

    private const string Bearer = "Bearer ";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // What routing answers by itself, such as 405, has no route.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }

        if (FindRefusal(context, endpoint) is { } problem)
        {
            if (problem.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
            await problem.WriteAsync(context);
            return;
        }

        await next(context);
    }

    private Problem? FindRefusal(HttpContext context, RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<AccessMetadata>() is not { } access) return Problem.Forbidden("This endpoint is closed.");
        if (access.IsForBrowser && FindForeignPage(context) is { } foreign) return foreign;
        if (access.Scope is not { } scope) return null;
        if (access.IsOpenWhereMetricsAre && management.Options.HasOpenMetrics && IsLocal(context)) return null;

        var authorization = context.Request.Headers.Authorization.ToString();
        var problem = authorization.Length > 0 ? FindKey(authorization, out var caller) : FindSession(context, out caller);
        if (problem is not null) return problem;
        if (caller!.Scope < scope) return Problem.Forbidden($"{caller.Name} has the scope {ApiNames.Of(caller.Scope)}; this takes {ApiNames.Of(scope)}.");

        caller.AddTo(context);
        return null;
    }

    private Problem? FindKey(string authorization, out Caller? caller)
    {
        caller = null;
        if (!authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return Problem.Unauthorized("The Authorization header has to be 'Bearer' and an API key.");

        var text = authorization[Bearer.Length..].Trim();
        if (management.LocalKey is { } local && Secrets.AreSame(local, text))
        {
            caller = new Caller("local", Scope.Admin);
            return null;
        }

        if (management.Accounts.UseKey(text) is not { } key) return Problem.Unauthorized("There is no such API key, or its time is over. Make one in the console or with 'avocet ctl keys create'.");

        caller = new Caller($"key:{key.Name}", key.Scope) { IsStillValid = () => management.Accounts.HasKey(key.Id) };
        return null;
    }

    private Problem? FindSession(HttpContext context, out Caller? caller)
    {
        caller = null;
        if (SessionCookie.Read(context, management.Options.IsTls) is not { Length: > 0 } secret)
        {
            return Problem.Unauthorized("Log in (POST /api/v1/login), or send an API key: 'Authorization: Bearer avocet_...'.");
        }

        if (!management.Sessions.TryUse(secret, management.Accounts.FindUser, out var user)) return Problem.Unauthorized("The session is over. Log in again.");

        var isSafe = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!isSafe && FindForeignPage(context) is { } foreign) return foreign;

        caller = new Caller(user.Name, (Scope)user.Role, user.Name) { IsStillValid = () => management.Sessions.IsAlive(secret, management.Accounts.FindUser) };
        return null;
    }

    /// <summary>A browser sends the cookie by itself; whether our own page asked for that is to be seen.</summary>
    private static Problem? FindForeignPage(HttpContext context)
    {
        var request = context.Request;
        if (!request.Headers.ContainsKey(ConsoleHeader)) return Problem.Forbidden($"Requests with a cookie that change something need the header '{ConsoleHeader}: 1'.");

        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !IsOwn(origin, request)) return Problem.Forbidden("This request comes from a page of another site.");

        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "" or "same-origin" or "none" ? null : Problem.Forbidden("This request comes from a page of another site.");
    }

    /// <summary>Behind a proxy that does TLS the scheme is another one; the host is what counts.</summary>
    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && string.Equals(uri.Authority, WithoutDefaultPort(request, uri), StringComparison.OrdinalIgnoreCase);

    private static string WithoutDefaultPort(HttpRequest request, Uri origin)
    {
        var host = request.Host;
        return host.Port is { } port && port == (origin.Scheme == "https" ? 443 : 80) ? host.Host : host.Value ?? "";
    }

    /// <summary>Whether a request comes from this machine.</summary>
    private static bool IsLocal(HttpContext context) => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
