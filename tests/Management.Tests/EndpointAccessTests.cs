using System.Net;
using System.Net.Http.Headers;
using Avocet.Management.Access;
using Avocet.Management.Resources;
using Avocet.Management.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>Every endpoint there is, so that a new one cannot be forgotten.</summary>
public sealed class EndpointAccessTests
{
    /// <summary>Open to everybody, on purpose.</summary>
    private static readonly string[] Open =
    [
        "GET /api/v1/setup", "POST /api/v1/setup", "POST /api/v1/login", "GET /health/live", "GET /health/ready", "GET /assets/{name}", "GET /favicon.svg", "GET /licenses.md", "GET /api/v1/openapi.json",
        "GET /reference", "GET /reference/reference.css", "GET /reference/reference.js", "GET /reference/scalar.js",
        // The console's page knows nothing by itself: what it shows it asks the API for.
        .. PageResource.Pages.Select(page => $"GET /{page}"),
    ];

    [Fact]
    public async Task Endpoints_without_a_scope_are_those_that_are_listed()
    {
        await using var console = await TestConsole.StartAsync();

        var open = RoutesOf(console).Where(route => route.Access.Scope is null).Select(route => $"{route.Method} {route.Path}");

        Assert.Equal(Open.Order(StringComparer.Ordinal), open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Endpoints_with_a_scope_refuse_who_has_no_credentials()
    {
        await using var console = await TestConsole.StartAsync();

        await RefuseAllAsync(console, HttpStatusCode.Unauthorized, _ => null);
    }

    [Fact]
    public async Task Endpoints_with_a_scope_refuse_a_wrong_key()
    {
        await using var console = await TestConsole.StartAsync();

        await RefuseAllAsync(console, HttpStatusCode.Unauthorized, _ => "avocet_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    }

    [Fact]
    public async Task Endpoints_with_a_scope_refuse_a_key_whose_time_is_over()
    {
        await using var console = await TestConsole.StartAsync();
        var key = console.AddKey(Scope.Admin, TimeSpan.FromDays(1));
        console.Clock.Advance(TimeSpan.FromDays(1));

        await RefuseAllAsync(console, HttpStatusCode.Unauthorized, _ => key);
    }

    [Fact]
    public async Task Endpoints_refuse_a_key_of_the_scope_below()
    {
        await using var console = await TestConsole.StartAsync();
        var (read, operate) = (console.AddKey(Scope.Read), console.AddKey(Scope.Operate));

        await RefuseAllAsync(console, HttpStatusCode.Forbidden, scope => scope switch { Scope.Admin => operate, Scope.Operate => read, _ => "" });
    }

    [Fact]
    public async Task Endpoint_that_says_nothing_of_access_is_closed_to_an_admin()
    {
        await using var console = await TestConsole.StartAsync(addEndpoints: app => app.Map("/forgotten", (RequestDelegate)(context => context.Response.WriteAsync("secret"))));
        using var admin = console.WithKey(Scope.Admin);

        await TestConsole.ProblemAsync(await admin.GetAsync("/forgotten"), HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("Basic dTpw")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("avocet_x")]
    public async Task Authorization_of_another_kind_is_refused(string header)
    {
        await using var console = await TestConsole.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/version");
        request.Headers.TryAddWithoutValidation("Authorization", header);

        using var response = await console.Anonymous.SendAsync(request);

        await TestConsole.ProblemAsync(response, HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    private static async Task RefuseAllAsync(TestConsole console, HttpStatusCode status, Func<Scope, string?> keyFor)
    {
        var count = 0;
        foreach (var route in RoutesOf(console))
        {
            if (route.Access.Scope is not { } scope || keyFor(scope) is "") continue;

            using var request = TestConsole.Json(new HttpMethod(route.Method), route.Path.Replace("{name}", "x", StringComparison.Ordinal).Replace("{id}", "x", StringComparison.Ordinal));
            if (keyFor(scope) is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await console.Anonymous.SendAsync(request);
            Assert.True(status == response.StatusCode, $"{route.Method} {route.Path}: {response.StatusCode}");
            await TestConsole.ProblemAsync(response, status);
            count++;
        }

        Assert.True(count > 5, $"Only {count} endpoints were tried.");
    }

    private static IEnumerable<(string Method, string Path, AccessMetadata Access)> RoutesOf(TestConsole console)
    {
        foreach (var endpoint in console.Host.Endpoints.OfType<RouteEndpoint>())
        {
            var access = endpoint.Metadata.GetMetadata<AccessMetadata>();
            Assert.True(access is not null, $"{endpoint.DisplayName} says nothing of access.");
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods) yield return (method, endpoint.RoutePattern.RawText!, access);
        }
    }
}
