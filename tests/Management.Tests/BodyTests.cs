using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Management.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What is told of a body that does not fit, for every operation that takes one: words of the API, and never types of the program.</summary>
public sealed partial class BodyTests
{
    private static readonly string[] Documents = ["", "{", "null", "5", "[]", "\"text\"", "{}", "{\"colour\":1}", "{\"a\":1,}", "\u00ff", "{\"\\ud800\":1}"];

    private static readonly string[] Values = ["null", "{}", "[1]", "\"\\ud800\"", "true", "1.5", "99999999999999999999", "\"text"];

    [Fact]
    public async Task Body_that_does_not_fit_is_told_without_types_of_the_program()
    {
        await using var users = await MqttUsers.StartAsync();
        using var admin = users.Console.WithKey(Scope.Admin);
        var document = await TestConsole.ReadAsync(await admin.GetAsync("/api/v1/openapi.json"));

        var told = new HashSet<string>();
        foreach (var (method, path, properties) in Operations(document))
        {
            var bodies = Documents.Concat(properties.SelectMany(name => Values.Select(value => $"{{\"{name}\":{value}}}")));
            foreach (var body in bodies)
            {
                using var response = await admin.SendAsync(TestConsole.Json(method, path, body));
                var text = await response.Content.ReadAsStringAsync();
                Assert.True(response.StatusCode < HttpStatusCode.InternalServerError, $"{method} {path} {body}: {(int)response.StatusCode} {text}");
                if (response.StatusCode != HttpStatusCode.BadRequest) continue;

                var detail = await TestConsole.ProblemAsync(response, HttpStatusCode.BadRequest);
                Assert.False(ProgramWord().IsMatch(detail), $"{method} {path} {body}: {detail}");
                told.Add(detail);
            }
        }

        Assert.True(told.Count > 30, $"Only {told.Count} kinds of bodies were refused.");
    }

    private static IEnumerable<(HttpMethod Method, string Path, List<string> Properties)> Operations(JsonElement document)
    {
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                if (!operation.Value.TryGetProperty("requestBody", out var body)) continue;

                var reference = body.GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString()!;
                var schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference[(reference.LastIndexOf('/') + 1)..]);
                var target = path.Name.Replace("{name}", "anna", StringComparison.Ordinal).Replace("{id}", "none", StringComparison.Ordinal);
                yield return (new HttpMethod(operation.Name.ToUpperInvariant()), target, [.. schema.GetProperty("properties").EnumerateObject().Select(property => property.Name)]);
            }
        }
    }

    [GeneratedRegex(@"Avocet\.|System\.|Nullable|Int32|Int64|UInt|Boolean|DateTime|Dictionary|constructor|deserializ|BytePosition|LineNumber|\bReader|Service|Implicit|[Dd]epth|`")]
    private static partial Regex ProgramWord();
}
