using System.Reflection;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>The pages, from inside the program: a name that a request gives is looked up here and never on a disk.</summary>
internal static class PageResource
{
    private static readonly Dictionary<string, string> AssetTypes = new() { ["page.css"] = "text/css; charset=utf-8", ["setup.js"] = "text/javascript; charset=utf-8" };

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", GetIndex).IsOpen().ExcludeFromDescription();
        app.MapGet("/setup", GetSetup).IsOpen().ExcludeFromDescription();
        app.MapGet("/assets/{name}", GetAsset).IsOpen().ExcludeFromDescription();
    }

    /// <summary>The OpenAPI document. See docs/decisions/0080-management-api.md.</summary>
    public static void MapDocument(IEndpointRouteBuilder api) => api.MapGet("/openapi.json", GetDocument).IsOpen().ExcludeFromDescription();

    private static IResult GetDocument() => TypedResults.Bytes(Read("openapi.json"), "application/json");

    private static IResult GetIndex() => Page("index.html");

    private static IResult GetSetup() => Page("setup.html");

    private static IResult GetAsset(string name) => AssetTypes.TryGetValue(name, out var type) ? TypedResults.Bytes(Read(name), type) : Problem.NotFound("There is no such file.");

    private static IResult Page(string name) => TypedResults.Bytes(Read(name), "text/html; charset=utf-8");

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"web/{name}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
