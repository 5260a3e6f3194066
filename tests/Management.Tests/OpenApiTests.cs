using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Avocet.Broker.Bans;
using Avocet.Broker.Tracing;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>The OpenAPI document is made of the routes that the broker serves, and tells what they really answer.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    [Fact]
    public async Task Document_in_the_program_is_that_of_its_routes()
    {
        var made = (await MakeAsync()).ToJsonString(Indented) + "\n";
        var path = Path.Combine(Server.Tests.Support.Repository.Root, "src", "Management", "Web", "openapi.json");
        if (Environment.GetEnvironmentVariable("AVOCET_WRITE_DOCS") == "1") await File.WriteAllTextAsync(path, made);

        Assert.True(made == await File.ReadAllTextAsync(path), "src/Management/Web/openapi.json is stale. Write it anew: AVOCET_WRITE_DOCS=1 dotnet run --project tests/Management.Tests, and build again.");
    }

    [Fact]
    public async Task Document_is_served()
    {
        await using var console = await TestConsole.StartAsync();

        using var response = await console.Anonymous.GetAsync("/api/v1/openapi.json");

        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("3.1.1", (await TestConsole.ReadAsync(response)).GetProperty("openapi").GetString());
    }

    [Fact]
    public async Task Answers_are_what_the_document_says()
    {
        await using var users = await MqttUsers.StartAsync();
        using var userAdmin = users.Console.WithKey(Scope.Admin);
        await using var console = await TestConsole.StartAsync();
        console.AddUser("anna", Role.Admin);
        var trace = console.Broker.Broker.Traces.Start(TraceKind.Client, "known", TimeSpan.FromMinutes(1), withPayloads: false)!.Id;
        await console.Broker.Broker.Bans.AddAsync(BanKind.ClientId, "other", null, "", CancellationToken.None);
        var client = await console.Broker.ConnectAsync(Given.Client("known").Persistent().Subscribed("known", Qos.AtLeastOnce).Will("will"));
        await client.SendAsync(Given.Publish("known").Payload("1").Qos1(1).Retain());
        await client.ReadPacketAsync(PacketType.Publish);
        await console.Broker.AdvanceAsync(1);
        using var admin = console.WithKey(Scope.Admin);
        var document = await TestConsole.ReadAsync(await console.Anonymous.GetAsync("/api/v1/openapi.json"));
        var id = console.Accounts.Current.Keys[0].Id;

        var count = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            if (!path.Value.TryGetProperty("get", out var operation)) continue;

            // A stream has no end, and its items are documents of their own.
            if (!operation.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("application/json", out var content)) continue;

            var parameters = operation.TryGetProperty("parameters", out var known) ? known.EnumerateArray() : default;
            var query = string.Join('&', parameters.Where(IsNeeded).Select(parameter => $"{parameter.GetProperty("name").GetString()}=known"));
            var identifier = path.Name.Contains("/traces/", StringComparison.Ordinal) ? trace : id;
            var asker = path.Name.Contains("/mqtt/", StringComparison.Ordinal) ? userAdmin : admin;
            using var response = await asker.GetAsync(path.Name.Replace("{name}", "anna", StringComparison.Ordinal).Replace("{id}", identifier, StringComparison.Ordinal) + "?" + query);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path.Name}: {response.StatusCode}");
            SchemaCheck.Check(document, content.GetProperty("schema"), await TestConsole.ReadAsync(response), path.Name);
            count++;
        }

        Assert.True(count >= 30, $"Only {count} operations were tried.");
    }

    [Fact]
    public async Task Problems_are_what_the_document_says()
    {
        await using var console = await TestConsole.StartAsync();
        var document = await TestConsole.ReadAsync(await console.Anonymous.GetAsync("/api/v1/openapi.json"));

        using var response = await console.Anonymous.GetAsync("/api/v1/overview");

        SchemaCheck.Check(document, document.GetProperty("components").GetProperty("schemas").GetProperty("Problem"), await TestConsole.ReadAsync(response), "problem");
    }

    private static bool IsNeeded(JsonElement parameter) =>
        parameter.GetProperty("in").GetString() == "query" && parameter.TryGetProperty("required", out var required) && required.GetBoolean();

    private static async Task<JsonObject> MakeAsync()
    {
        await using var console = await TestConsole.StartAsync(
            addServices: services => services
                .AddOpenApi("v1")
                .ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver())),
            addEndpoints: app => app.MapOpenApi("/made/{documentName}.json").WithMetadata(new AccessMetadata(null as Scope?)));
        using var response = await console.Anonymous.GetAsync("/made/v1.json");
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text + string.Join('\n', console.Log.Errors.Select(error => error.Exception?.ToString())));
        var document = JsonNode.Parse(text)!.AsObject();
        document.Remove("servers");
        document["info"] = new JsonObject
        {
            ["title"] = "Avocet",
            ["version"] = "v1",
            ["description"] = "The management API of an Avocet broker. See docs/console.md.",
            ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
        };
        var components = document["components"]!.AsObject();
        components["securitySchemes"] = new JsonObject
        {
            ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An API key." },
            ["session"] = new JsonObject { ["type"] = "apiKey", ["in"] = "cookie", ["name"] = SessionCookie.Name, ["description"] = $"A session; what changes something needs the header {AccessMiddleware.ConsoleHeader}, too." },
        };
        components["schemas"]!.AsObject()["Problem"] = JsonNode.Parse(ProblemSchema);
        foreach (var endpoint in console.Host.Endpoints.OfType<RouteEndpoint>()) Complete(document, endpoint);

        return document;
    }

    private const string ProblemSchema = """
        {
          "required": ["status", "title", "detail", "type"],
          "type": "object",
          "properties": {
            "status": { "type": "integer", "format": "int32" },
            "title": { "type": "string" },
            "detail": { "type": "string" },
            "type": { "type": "string" }
          }
        }
        """;

    /// <summary>What the framework does not know of an endpoint: its scope, and how errors look.</summary>
    private static void Complete(JsonObject document, RouteEndpoint endpoint)
    {
        var path = document["paths"]!["/" + endpoint.RoutePattern.RawText!.TrimStart('/')];
        var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0].ToLowerInvariant();
        if (method is null || path?[method] is not JsonObject operation) return;

        operation["responses"]!.AsObject()["default"] = JsonNode.Parse("""{"description":"What is wrong","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}""");
        if (endpoint.Metadata.GetMetadata<AccessMetadata>()!.Scope is not { } scope) return;

        operation["description"] = $"Needs the scope {ApiNames.Of(scope)}.";
        operation["security"] = JsonNode.Parse("""[{"key":[]},{"session":[]}]""");
    }
}
