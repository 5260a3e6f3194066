using System.IO.Compression;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Broker.Monitoring.Events;
using Avocet.Management.Web;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>How the console's files are served.</summary>
public sealed partial class FileTests(ConsoleFixture fixture)
{
    private const long BytesMax = 300_000;

    [Fact]
    public void All_files_together_stay_small()
    {
        Assert.True(ConsoleFiles.Exist, "This build has no console: Node.js was missing, or npm could not fetch its packages.");
        Assert.InRange(ConsoleFiles.CompressedBytes, 10_000, BytesMax);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("")]
    public async Task Page_and_its_script_come_in_the_encoding_that_is_asked_for(string encoding)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = fixture.Url };
        if (encoding.Length > 0) client.DefaultRequestHeaders.Add("Accept-Encoding", encoding);

        using var page = await client.GetAsync("/clients");
        var html = await ReadAsync(page, encoding);
        var script = Script().Match(html).Groups[1].Value;
        using var asset = await client.GetAsync(script);

        Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("//", html.Replace("<!doctype", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("immutable", asset.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal("text/javascript", asset.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Accept-Encoding", asset.Headers.Vary);
        Assert.Contains("/api/v1", await ReadAsync(asset, encoding), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Licences_name_each_library_and_what_it_contains()
    {
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }) { BaseAddress = fixture.Url };
        var text = await client.GetStringAsync("/licenses.md");

        using var package = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.File("src", "Console", "package.json")));
        foreach (var library in package.RootElement.GetProperty("dependencies").EnumerateObject()) Assert.Contains($"\n## {library.Name} - ", text, StringComparison.Ordinal);

        // In the file that MQTT.js comes as.
        foreach (var library in (string[])["readable-stream", "mqtt-packet", "buffer", "ieee754"]) Assert.Contains($"\n## {library} - ", text, StringComparison.Ordinal);

        Assert.Contains("Feross Aboukhadijeh", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_of_the_page_allows_the_own_websocket_listeners_and_nothing_inline()
    {
        using var client = new HttpClient { BaseAddress = fixture.Url };

        using var page = await client.GetAsync("/");
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        using var answer = await client.GetAsync("/api/v1/setup");

        Assert.Matches(@"connect-src 'self' ws://127\.0\.0\.1:[0-9]+;", policy);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("ws:", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_event_can_be_chosen_on_the_page()
    {
        var source = File.ReadAllText(Repository.File("src", "Console", "src", "lib", "events.ts"));

        Assert.All(Enum.GetNames<BrokerEventKind>(), kind => Assert.Contains($"\"{JsonNamingPolicy.SnakeCaseLower.ConvertName(kind)}\"", source, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/assets/nothing.js")]
    [InlineData("/assets/..%2findex.html")]
    [InlineData("/nothing")]
    public async Task File_that_is_not_there_is_told_as_a_problem(string path)
    {
        using var client = new HttpClient { BaseAddress = fixture.Url };

        using var response = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, string encoding)
    {
        Assert.Equal(encoding, string.Join(",", response.Content.Headers.ContentEncoding));
        await using var body = await response.Content.ReadAsStreamAsync();
        await using Stream plain = encoding switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(plain);
        return await reader.ReadToEndAsync();
    }

    [GeneratedRegex("src=\"(/assets/[^\"]+\\.js)\"")]
    private static partial Regex Script();
}
