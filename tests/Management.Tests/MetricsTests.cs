using System.Net;
using System.Text.RegularExpressions;
using Avocet.Management.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>What Prometheus reads, and that docs/metrics.md says so.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_need_a_key_unless_they_are_open_on_this_machine()
    {
        await using var closed = await TestConsole.StartAsync();
        await TestConsole.ProblemAsync(await closed.Anonymous.GetAsync("/metrics"), HttpStatusCode.Unauthorized);
        using var reader = closed.WithKey(Scope.Read);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("/metrics")).StatusCode);

        await using var open = await TestConsole.StartAsync(new ManagementOptions { HasOpenMetrics = true });
        Assert.Equal(HttpStatusCode.OK, (await open.Anonymous.GetAsync("/metrics")).StatusCode);
        await TestConsole.ProblemAsync(await open.Anonymous.GetAsync("/api/v1/overview"), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Metrics_count_this_broker_and_no_other()
    {
        await using var other = await TestConsole.StartAsync();
        await other.Broker.ConnectAsync(Given.Client("somebody"));
        await using var console = await TestConsole.StartAsync();
        var reader = await console.Broker.ConnectAsync(Given.Client("reader").Subscribed("a/#", Qos.AtMostOnce));
        var writer = await console.Broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/b").Payload("12345"));
        await reader.ExpectAsync(Given.Publish("a/b").Payload("12345"));

        var samples = (await ScrapeAsync(console)).Samples;

        Assert.Equal(2, samples["avocet_clients_connected"]);
        Assert.Equal(1, samples["avocet_messages_received_total{qos=0}"]);
        Assert.Equal(0, samples["avocet_messages_received_total{qos=1}"]);
        Assert.Equal(5, samples["avocet_payload_sent_bytes_total{qos=0}"]);
        Assert.Equal(2, samples["avocet_packets_received_total{type=connect}"]);
        Assert.Equal(0, samples["avocet_messages_dropped_total{cause=queue_full}"]);
    }

    [Fact]
    public async Task Payloads_are_counted_by_direction_and_qos()
    {
        await using var console = await TestConsole.StartAsync();
        var reader = await console.Broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writer = await console.Broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1"));
        await writer.SendAsync(Given.Publish("a").Payload("22").Qos1(1));
        await writer.SendAsync(Given.Publish("a").Payload("4444").Qos2(2));
        await reader.ReceiveAsync(3);

        var samples = (await ScrapeAsync(console)).Samples;

        // What is sent goes at the subscription's QoS at most.
        Assert.Equal((1, 2, 4), (samples["avocet_payload_received_bytes_total{qos=0}"], samples["avocet_payload_received_bytes_total{qos=1}"], samples["avocet_payload_received_bytes_total{qos=2}"]));
        Assert.Equal((1, 6, 0), (samples["avocet_payload_sent_bytes_total{qos=0}"], samples["avocet_payload_sent_bytes_total{qos=1}"], samples["avocet_payload_sent_bytes_total{qos=2}"]));
        using var client = console.WithKey(Scope.Read);
        var overview = await TestConsole.ReadAsync(await client.GetAsync("/api/v1/overview"));
        Assert.Equal((7, 7), (overview.GetProperty("received").GetProperty("payload_bytes").GetInt64(), overview.GetProperty("sent").GetProperty("payload_bytes").GetInt64()));
    }

    [Fact]
    public async Task Metrics_are_sent_to_a_collector_that_is_named()
    {
        var received = new TaskCompletionSource<(string? Type, string? Key, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.MapPost("/v1/metrics", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.TrySetResult((context.Request.ContentType, context.Request.Headers["api-key"], body.ToArray()));
        });
        await collector.StartAsync();
        var endpoint = new Uri(new Uri(collector.Urls.First()), "/v1/metrics");

        await using var console = await TestConsole.StartAsync(new ManagementOptions { OtlpEndpoint = endpoint, OtlpHeaders = "api-key=1234", OtlpInterval = TimeSpan.FromMilliseconds(100) });

        var (type, key, body) = await received.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("application/x-protobuf", "1234"), (type, key));
        // In protobuf a text is its UTF-8.
        Assert.True(body.AsSpan().IndexOf("avocet.clients.connected"u8) >= 0);
        Assert.True(body.AsSpan().IndexOf("service.name"u8) >= 0);
    }

    [Fact]
    public async Task Metrics_are_those_that_are_documented()
    {
        await using var store = await TestConsole.StartAsync(services: new Broker.BrokerServices { Store = new Broker.Storage.MemoryStore() });

        // Of the way of messages one in 512 is measured.
        var reader = await store.Broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await store.Broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 1024; i++) await writer.SendAsync(Given.Publish("a"));

        await reader.ReceiveAsync(1024);

        var exposed = (await ScrapeAsync(store)).Types.Select(type => $"{type.Key} {type.Value}").Order(StringComparer.Ordinal);

        var page = await File.ReadAllTextAsync(Path.Combine(Server.Tests.Support.Repository.Root, "docs", "metrics.md"));
        var documented = Row().Matches(page).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value}").Order(StringComparer.Ordinal);
        Assert.Equal(documented, exposed);
    }

    [Fact]
    public async Task Way_of_messages_is_measured_and_the_service_has_a_name()
    {
        await using var console = await TestConsole.StartAsync();
        var reader = await console.Broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writer = await console.Broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 2048; i++) await writer.SendAsync(Given.Publish("a").Qos1((ushort)(i + 1)));

        await reader.ReceiveAsync(2048);
        using var client = console.WithKey(Scope.Read);
        var samples = (await ScrapeAsync(console)).Samples;

        Assert.InRange(samples["avocet_delivery_duration_seconds_count"], 3, 5);
        Assert.Equal((2048, 2048), (samples["avocet_messages_received_total{qos=1}"], samples["avocet_messages_sent_total{qos=1}"]));
        Assert.Contains("service_name=\"avocet\"", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grafana_dashboard_asks_for_metrics_that_there_are()
    {
        var folder = Path.Combine(Server.Tests.Support.Repository.Root, "docs");
        var documented = Row().Matches(await File.ReadAllTextAsync(Path.Combine(folder, "metrics.md"))).Select(row => row.Groups[1].Value).ToHashSet();
        var dashboard = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "grafana-avocet.json"))).RootElement;

        var expressions = dashboard.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray().ToList() : []).Select(target => target.GetProperty("expr").GetString()!).ToList();
        var asked = expressions.SelectMany(expression => Metric().Matches(expression)).Select(match => match.Value).ToHashSet();

        Assert.True(asked.Count > 10, $"Only {asked.Count} metrics are asked for.");
        Assert.All(asked, name => Assert.Contains(name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name, documented));
    }

    /// <summary>Reads the text format: types by name, and values by name with our own labels.</summary>
    private static async Task<(Dictionary<string, string> Types, Dictionary<string, double> Samples)> ScrapeAsync(TestConsole console)
    {
        using var client = console.WithKey(Scope.Read);
        var text = await client.GetStringAsync("/metrics");
        // Where an instrument has more values of a label than there is room for.
        Assert.DoesNotContain("otel_metric_overflow", text, StringComparison.Ordinal);
        var (types, samples) = (new Dictionary<string, string>(), new Dictionary<string, double>());
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Type().Match(line) is { Success: true } type)
            {
                types[type.Groups[1].Value] = type.Groups[2].Value;
            }
            else if (!line.StartsWith('#'))
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, $"This is no sample: {line}");
                var labels = Label().Matches(sample.Groups[2].Value).Where(label => !label.Groups[1].Value.StartsWith("otel_", StringComparison.Ordinal)).Select(label => $"{label.Groups[1].Value}={label.Groups[2].Value}").ToList();
                samples[sample.Groups[1].Value + (labels.Count > 0 ? $"{{{string.Join(',', labels)}}}" : "")] = double.Parse(sample.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        // They tell of the exporter, not of the broker.
        types.Remove("target_info");
        types.Remove("target");
        types.Remove("otel_scope_info");
        types.Remove("otel_scope");
        return (types, samples);
    }

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$")]
    private static partial Regex Type();

    [GeneratedRegex(@"^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")]
    private static partial Regex Sample();

    [GeneratedRegex("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label();

    [GeneratedRegex("avocet_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex(@"^\| `(avocet_[a-z_]+)` \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
