using System.Net;
using System.Text;
using System.Text.Json;
using Avocet.Management.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What nobody thought of: for every operation of the document values and bodies by chance, from seeds that are told.</summary>
public sealed class RandomInputTests
{
    private const int QueriesOfOperation = 25;
    private const int BodiesOfOperation = 40;

    /// <summary>None is a time to wait, which would be waited for.</summary>
    private static readonly string[] Pieces =
        ["", "-1", "1.5", "99999999999999999999", "true", "null", "#", "+/#", "$SYS/#", "a//b", "../..", "'", "\"", "<b>", "\0", "\r\n", "\u202e", "ä", "%", "%zz", "{}", "e30", "2026-13-45", new('x', 5000)];

    // They hold an answer back, by the clock that stands still here.
    private static readonly string[] Left = ["/api/v1/login", "/api/v1/setup"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Input_by_chance_is_answered_and_breaks_nothing(int seed)
    {
        await using var users = await MqttUsers.StartAsync();
        var console = users.Console;
        using var admin = console.WithKey(Scope.Admin);
        var document = await TestConsole.ReadAsync(await admin.GetAsync("/api/v1/openapi.json"));
        var random = new Random(seed);
        var seen = new HashSet<HttpStatusCode>();

        foreach (var path in document.GetProperty("paths").EnumerateObject().Where(path => !Left.Contains(path.Name)))
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var hasBody = operation.Value.TryGetProperty("requestBody", out _);
                for (var i = 0; i < (hasBody ? BodiesOfOperation : QueriesOfOperation); i++)
                {
                    using var request = new HttpRequestMessage(new HttpMethod(operation.Name.ToUpperInvariant()), UrlOf(path.Name, operation.Value, random));
                    if (hasBody) request.Content = new ByteArrayContent(BodyOf(document, operation.Value, random)) { Headers = { { "Content-Type", "application/json" } } };

                    // A stream that is opened has no end, and there may be as many as may be open at a time.
                    using var response = await admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    var isFull = response.StatusCode == HttpStatusCode.ServiceUnavailable && path.Name.EndsWith("/stream", StringComparison.Ordinal);
                    Assert.True(isFull || response.StatusCode < HttpStatusCode.InternalServerError, $"seed {seed}: {request.Method} {request.RequestUri}: {(int)response.StatusCode}");
                    seen.Add(response.StatusCode);
                }
            }
        }

        Assert.Empty(console.Log.Errors);
        Assert.Superset(new HashSet<HttpStatusCode> { HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.NotFound }, seen);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync("/api/v1/overview")).StatusCode);
    }

    private static string UrlOf(string path, JsonElement operation, Random random)
    {
        var query = new StringBuilder("?");
        var parameters = operation.TryGetProperty("parameters", out var known) ? known.EnumerateArray() : default;
        foreach (var parameter in parameters)
        {
            var name = parameter.GetProperty("name").GetString()!;
            var value = Uri.EscapeDataString(Text(random));
            if (parameter.GetProperty("in").GetString() == "path") path = path.Replace($"{{{name}}}", value.Length == 0 ? "x" : value, StringComparison.Ordinal);
            else if (random.Next(3) > 0) query.Append(name).Append('=').Append(value).Append('&');
        }

        return path + query;
    }

    /// <summary>A body of the right shape with values by chance, and in half of the cases some bytes that are wrong.</summary>
    private static byte[] BodyOf(JsonElement document, JsonElement operation, Random random)
    {
        var reference = operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference[(reference.LastIndexOf('/') + 1)..]);
        var fields = schema.GetProperty("properties").EnumerateObject().Where(_ => random.Next(4) > 0).ToDictionary(property => property.Name, _ => Value(random));
        var bytes = JsonSerializer.SerializeToUtf8Bytes(fields);
        if (random.Next(2) == 0) return bytes;

        for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static object? Value(Random random) => random.Next(7) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-2, 200),
        3 => random.NextInt64(),
        4 => new[] { Text(random) },
        _ => Text(random),
    };

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 3)).Select(_ => Pieces[random.Next(Pieces.Length)]));
}
