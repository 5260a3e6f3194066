using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Management.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>The console: one page, which draws all others.</summary>
internal static class PageResource
{
    private const string Index = "index.html";
    private const string Licences = "licenses.md";

    /// <summary>What may stand in the address line. Each is answered with the same page, whose script knows them.</summary>
    public static readonly string[] Pages =
    [
        "", "setup", "clients", "sessions", "topics", "retained", "devices", "events", "explain", "traces", "bandwidth", "try", "users", "access", "settings", "store",
    ];

    public static void Map(IEndpointRouteBuilder app)
    {
        foreach (var page in Pages) app.MapGet($"/{page}", GetPage).IsOpen().ExcludeFromDescription();
        app.MapGet("/favicon.svg", () => File("favicon.svg")).IsOpen().ExcludeFromDescription();
        app.MapGet("/licenses.md", () => new WrittenResult(WriteLicencesAsync)).IsOpen().ExcludeFromDescription();
        app.MapGet("/assets/{name}", (string name) => File($"assets/{name}")).IsOpen().ExcludeFromDescription();
    }

    /// <summary>The OpenAPI document. See docs/decisions/0080-management-api.md.</summary>
    public static void MapDocument(IEndpointRouteBuilder api) => api.MapGet("/openapi.json", GetDocument).IsOpen().ExcludeFromDescription();

    private static IResult GetDocument() => TypedResults.Bytes(EmbeddedPages.Read("openapi.json"), "application/json");

    private static IResult GetPage(HttpContext context, [FromServices] ManagementContext management)
    {
        if (!ConsoleFiles.Exist) return TypedResults.Bytes(EmbeddedPages.Read(Index), "text/html; charset=utf-8");

        context.Response.Headers.ContentSecurityPolicy = ContentSecurity.PolicyFor(context.Request.Host, management.Sources.Listeners());
        return new WrittenResult(answer => ConsoleFiles.WriteAsync(answer, Index));
    }

    private static IResult File(string name) => ConsoleFiles.Contains(name) ? new WrittenResult(context => ConsoleFiles.WriteAsync(context, name)) : Problem.NotFound("There is no such file.");

    /// <summary>Of the libraries in the reference, which every build has, and of those in the console.</summary>
    private static async Task WriteLicencesAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.Body.WriteAsync(EmbeddedPages.Read(Licences), context.RequestAborted);
        if (ConsoleFiles.Contains(Licences)) await ConsoleFiles.CopyToAsync(Licences, context.Response.Body, context.RequestAborted);
    }
}
