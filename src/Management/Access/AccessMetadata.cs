using Microsoft.AspNetCore.Builder;

namespace Avocet.Management.Access;

/// <summary>What an endpoint asks of its caller; null for nothing.</summary>
internal sealed record AccessMetadata(Scope? Scope)
{
    /// <summary>Whether it acts for a browser that has no session yet, so that the request must come from our own page all the same.</summary>
    public bool IsForBrowser { get; init; }

    /// <summary>Whether it needs no scope from this machine where the operator says so.</summary>
    public bool IsOpenWhereMetricsAre { get; init; }
}

internal static class AccessExtensions
{
    /// <summary>Callers need this scope.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder endpoint, Scope scope) => endpoint.WithMetadata(new AccessMetadata(scope));

    /// <summary>Anyone may call it.</summary>
    public static RouteHandlerBuilder IsOpen(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new AccessMetadata(null as Scope?));

    /// <summary>Anyone may call it, but no other site's page.</summary>
    public static RouteHandlerBuilder IsOpenToOwnPages(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new AccessMetadata(null as Scope?) { IsForBrowser = true });
}
