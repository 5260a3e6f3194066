using System.Diagnostics.Metrics;
using Avocet.Management.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Avocet.Management.Metrics;

/// <summary><c>/metrics</c>, as Prometheus reads it. See docs/decisions/0081-metrics.md.</summary>
internal static class MetricsEndpoint
{
    /// <summary>
    /// For an instrument; the most that one has are the types of packets. The SDK takes memory for all of them at the start: with its own 2,000 that was 7 MB, and a
    /// collection of everything soon after.
    /// </summary>
    private const int LabelValuesMax = 40;

    public static void AddTo(IServiceCollection services, Meter meter, ManagementOptions options) =>
        services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("avocet", serviceVersion: meter.Version)).WithMetrics(metrics =>
        {
            metrics
                .AddMeter(BrokerMeter.Name)
                // Of this broker only: another one of the same process has a meter of the same name.
                .AddView(instrument => ReferenceEquals(instrument.Meter, meter) ? new MetricStreamConfiguration { CardinalityLimit = LabelValuesMax } : MetricStreamConfiguration.Drop)
                .AddPrometheusExporter();
            if (options.OtlpEndpoint is { } endpoint) SendTo(metrics, endpoint, options);
        });

    public static void Map(IEndpointRouteBuilder app) => app.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(
        new HttpMethodMetadata(["GET"]), new AccessMetadata(Scope.Read) { IsOpenWhereMetricsAre = true });

    /// <summary>Who does not take them in time gets the next figures instead, which count from the start as well.</summary>
    private static void SendTo(MeterProviderBuilder metrics, Uri endpoint, ManagementOptions options) => metrics.AddOtlpExporter((exporter, reader) =>
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = endpoint;
        exporter.Headers = options.OtlpHeaders;
        reader.PeriodicExportingMetricReaderOptions = new PeriodicExportingMetricReaderOptions
        {
            ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds,
            ExportTimeoutMilliseconds = (int)options.OtlpInterval.TotalMilliseconds,
        };
    });
}
