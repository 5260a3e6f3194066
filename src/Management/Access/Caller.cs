using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Access;

/// <summary>Who asks, and what he may do.</summary>
/// <param name="Name">The user, <c>key:NAME</c>, or <c>local</c>.</param>
/// <param name="Scope">What he may do.</param>
/// <param name="User">The user's name; null for a key.</param>
internal sealed record Caller(string Name, Scope Scope, string? User = null)
{
    private static readonly object Key = new();

    /// <summary>Whether the credentials still hold: for what goes on for long.</summary>
    public Func<bool> IsStillValid { get; init; } = () => true;

    /// <summary>Who asks; only where the endpoint needs a scope.</summary>
    public static Caller Of(HttpContext context) => (Caller)context.Items[Key]!;

    public void AddTo(HttpContext context) => context.Items[Key] = this;
}
