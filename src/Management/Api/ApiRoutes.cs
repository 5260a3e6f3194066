using Avocet.Management.Metrics;
using Avocet.Management.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Api;

/// <summary>Everything the management listener answers. A new resource is a line here and its documents in <see cref="ApiJson"/>.</summary>
internal static class ApiRoutes
{
    public static void Map(IEndpointRouteBuilder app)
    {
        PageResource.Map(app);
        ReferenceResource.Map(app);
        HealthResource.Map(app);
        MetricsEndpoint.Map(app);
        var api = app.MapGroup("/api/v1");
        PageResource.MapDocument(api);
        AccountResource.Map(api);
        UserResource.Map(api);
        KeyResource.Map(api);
        AuditResource.Map(api);
        BrokerResource.Map(api);
        StreamResource.Map(api);
        ClientResource.Map(api);
        PublishResource.Map(api);
        RetainedResource.Map(api);
        WatchResource.Map(api);
        TopicResource.Map(api);
        BandwidthResource.Map(api);
        TraceResource.Map(api);
        BanResource.Map(api);
        MqttUserResource.Map(api);
        SimulationResource.Map(api);
        EventResource.Map(api);
        ExplainResource.Map(api);
    }
}
