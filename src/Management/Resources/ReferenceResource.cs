using System.IO.Compression;
using System.Reflection;
using Avocet.Management.Access;
using Avocet.Management.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace Avocet.Management.Resources;

/// <summary>The API's reference to read and to try, made of the OpenAPI document in the browser. See docs/decisions/0082-api-reference.md.</summary>
internal static class ReferenceResource
{
    private const string Script = "ScalarStaticAssets.scalar.js";

    private static readonly Assembly Package = typeof(ScalarOptions).Assembly;

    private static readonly EntityTagHeaderValue Version = new($"\"{Package.ManifestModule.ModuleVersionId:N}\"");

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/reference", GetPage).IsOpen().ExcludeFromDescription();
        app.MapGet("/reference/reference.css", () => Own("reference.css", "text/css; charset=utf-8")).IsOpen().ExcludeFromDescription();
        app.MapGet("/reference/reference.js", () => Own("reference.js", "text/javascript; charset=utf-8")).IsOpen().ExcludeFromDescription();
        app.MapGet("/reference/scalar.js", () => new WrittenResult(WriteScriptAsync)).IsOpen().ExcludeFromDescription();
    }

    private static IResult GetPage(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = ContentSecurity.ReferencePolicy;
        return Own("reference.html", "text/html; charset=utf-8");
    }

    private static IResult Own(string name, string type) => TypedResults.Bytes(EmbeddedPages.Read(name), type);

    /// <summary>As the package has it, which is compressed.</summary>
    private static async Task WriteScriptAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        // Kept by the browser, which asks each time whether it is still the same.
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = Version.ToString();
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Compare(Version, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "text/javascript; charset=utf-8";
        await using var script = Package.GetManifestResourceStream(Script)!;
        if (ConsoleFiles.Accepts(request.Headers.AcceptEncoding.ToString(), "gzip"))
        {
            response.Headers.ContentEncoding = "gzip";
            response.ContentLength = script.Length;
            await script.CopyToAsync(response.Body, context.RequestAborted);
            return;
        }

        await using var plain = new GZipStream(script, CompressionMode.Decompress);
        await plain.CopyToAsync(response.Body, context.RequestAborted);
    }
}
