using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Avocet.Management.Web;

/// <summary>
/// The files of the console, from inside the program, where each is compressed twice: a name that a request gives is looked up here and never on a disk.
/// </summary>
internal static class ConsoleFiles
{
    private const string Prefix = "console/";
    private const string Brotli = ".br";
    private const string Gzip = ".gz";

    private static readonly FrozenSet<string> Names = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Select(name => name.Replace('\\', '/'))
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Brotli, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..^Brotli.Length])
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether this build has the console; without Node.js it has not.</summary>
    public static bool Exist => Names.Contains("index.html");

    public static bool Contains(string name) => Names.Contains(name);

    /// <summary>Bytes of all files as they are sent to a browser.</summary>
    public static long CompressedBytes => Names.Sum(name => Open(name + Brotli).Length);

    /// <summary>A file, compressed as the browser takes it.</summary>
    public static Task WriteAsync(HttpContext context, string name)
    {
        var headers = context.Response.Headers;
        var accepted = context.Request.Headers.AcceptEncoding.ToString();
        headers.Vary = HeaderNames.AcceptEncoding;
        context.Response.ContentType = TypeOf(name);
        // Anew with each build, the name of an asset stands for what is in it.
        if (name.StartsWith("assets/", StringComparison.Ordinal)) headers.CacheControl = "public, max-age=31536000, immutable";

        if (Accepts(accepted, "br")) return SendAsync(context, name + Brotli, "br");

        return Accepts(accepted, "gzip") ? SendAsync(context, name + Gzip, "gzip") : CopyToAsync(name, context.Response.Body, context.RequestAborted);
    }

    /// <summary>A file, as it is without compression.</summary>
    public static async Task CopyToAsync(string name, Stream target, CancellationToken cancellationToken)
    {
        await using var plain = new GZipStream(Open(name + Gzip), CompressionMode.Decompress);
        await plain.CopyToAsync(target, cancellationToken);
    }

    private static async Task SendAsync(HttpContext context, string resource, string encoding)
    {
        await using var stream = Open(resource);
        context.Response.Headers.ContentEncoding = encoding;
        context.Response.ContentLength = stream.Length;
        await stream.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public static bool Accepts(string accepted, string encoding) =>
        StringWithQualityHeaderValue.TryParseList([accepted], out var values) && values.Any(value => value.Value == encoding && value.Quality is not 0);

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };

    private static Stream Open(string name)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceStream(Prefix + name) ?? assembly.GetManifestResourceStream(Prefix + name.Replace('/', '\\'))!;
    }
}
