using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Access;

/// <summary>The cookie of a session: for this host only, out of reach of scripts, and never sent by another site's page.</summary>
internal static class SessionCookie
{
    public const string Name = "avocet_console";

    /// <summary>With TLS: browsers take a cookie of this prefix from this host over TLS only.</summary>
    public const string SecureName = "__Host-avocet_console";

    public static string? Read(HttpContext context, bool isTls) => context.Request.Cookies[isTls ? SecureName : Name];

    public static void Set(HttpContext context, bool isTls, string secret) => context.Response.Cookies.Append(isTls ? SecureName : Name, secret, Options(isTls));

    public static void Clear(HttpContext context, bool isTls) => context.Response.Cookies.Delete(isTls ? SecureName : Name, Options(isTls));

    private static CookieOptions Options(bool isTls) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = isTls, Path = "/", IsEssential = true };
}
