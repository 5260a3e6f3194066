using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Avocet.Management.Access;
using Avocet.Management.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>The page of the API's reference, and what it loads. What it looks like is tested in a browser.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public async Task Page_may_have_inline_styles_and_else_what_all_pages_may()
    {
        await using var console = await TestConsole.StartAsync();

        using var page = await console.Anonymous.GetAsync("/reference");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self';", policy, StringComparison.Ordinal);
        Assert.Equal(RequestGuard.ContentSecurityPolicy, policy.Replace("style-src 'self' 'unsafe-inline';", "style-src 'self';", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_loads_files_of_ours_only()
    {
        await using var console = await TestConsole.StartAsync();

        var html = await console.Anonymous.GetStringAsync("/reference");

        Assert.DoesNotContain("//", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("<script>|<style|style=| on[a-z]+=", html);
        var files = Loaded().Matches(html).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(["/reference/reference.css", "/reference/scalar.js", "/reference/reference.js"], files);
        foreach (var file in files)
        {
            using var response = await console.Anonymous.GetAsync(file);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(file.EndsWith(".css", StringComparison.Ordinal) ? "text/css" : "text/javascript", response.Content.Headers.ContentType?.MediaType);
            // Only the page itself may more than others.
            Assert.Equal(RequestGuard.ContentSecurityPolicy, response.Headers.GetValues("Content-Security-Policy").Single());
        }
    }

    [Fact]
    public async Task Everything_that_would_ask_another_host_is_off()
    {
        await using var console = await TestConsole.StartAsync();

        var start = await console.Anonymous.GetStringAsync("/reference/reference.js");

        Assert.Contains("url: \"/api/v1/openapi.json\"", start, StringComparison.Ordinal);
        foreach (var line in new[] { "withDefaultFonts: false", "telemetry: false", "agent: { disabled: true }", "mcp: { disabled: true }", "hideClientButton: true", "persistAuth: false" })
        {
            Assert.Contains(line, start, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("proxy", start, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("://", start, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Script_comes_compressed_where_that_is_taken_and_once_only()
    {
        await using var console = await TestConsole.StartAsync();

        using var compressed = await GetScriptAsync(console, "gzip", null);
        Assert.Equal(["gzip"], compressed.Content.Headers.ContentEncoding);
        await using var unpacked = new GZipStream(await compressed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        var script = await reader.ReadToEndAsync();
        using var plain = await GetScriptAsync(console, null, null);

        Assert.Contains("@scalar/api-reference", script, StringComparison.Ordinal);
        Assert.Empty(plain.Content.Headers.ContentEncoding);
        Assert.Equal(script, await plain.Content.ReadAsStringAsync());
        using var known = await GetScriptAsync(console, "gzip", compressed.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task Licences_of_what_every_build_contains_are_served()
    {
        await using var console = await TestConsole.StartAsync();

        var licences = await console.Anonymous.GetStringAsync("/licenses.md");

        Assert.Contains("Copyright (c) 2023-present Scalar", licences, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> GetScriptAsync(TestConsole console, string? encoding, EntityTagHeaderValue? known)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/reference/scalar.js");
        if (encoding is not null) request.Headers.Add("Accept-Encoding", encoding);
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        return console.Anonymous.SendAsync(request);
    }

    [GeneratedRegex("(?:href|src)=\"(/reference/[^\"]+)\"")]
    private static partial Regex Loaded();
}
