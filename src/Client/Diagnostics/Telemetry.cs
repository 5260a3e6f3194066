using System.Diagnostics;
using System.Diagnostics.Metrics;
using Avocet.Client.Connections;

namespace Avocet.Client.Diagnostics;

/// <summary>Traces and metrics, with the names of OpenTelemetry's conventions for messaging.</summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "Avocet.Client";

    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    private static readonly ActivitySource Source = new(Name);

    private readonly MqttClientOptions _options;
    private readonly Meter _meter = new(Name);
    private readonly KeyValuePair<string, object?> _clientTag;

    public Telemetry(MqttClientOptions options, string clientId, Counters counters, Func<int> outstanding, Func<bool> isConnected)
    {
        _options = options;
        _clientTag = new KeyValuePair<string, object?>("messaging.client.id", clientId);
        Count("messaging.client.sent.messages", "{message}", () => Volatile.Read(ref counters.MessagesSent));
        Count("messaging.client.consumed.messages", "{message}", () => Volatile.Read(ref counters.MessagesReceived));
        Count("avocet.client.dropped.messages", "{message}", () => Volatile.Read(ref counters.MessagesDropped));
        Count("avocet.client.sent.bytes", "By", () => Volatile.Read(ref counters.BytesSent));
        Count("avocet.client.received.bytes", "By", () => Volatile.Read(ref counters.BytesReceived));
        Count("avocet.client.alias.saved.bytes", "By", () => Volatile.Read(ref counters.AliasBytesSaved));
        Count("avocet.client.connections", "{connection}", () => Volatile.Read(ref counters.Connections));
        _meter.CreateObservableGauge("avocet.client.outstanding.messages", () => new Measurement<int>(outstanding(), _clientTag), "{message}");
        _meter.CreateObservableGauge("avocet.client.connected", () => new Measurement<int>(isConnected() ? 1 : 0, _clientTag));
    }

    public static bool IsTracing => Source.HasListeners();

    /// <summary>The span of a publication; null when nobody listens.</summary>
    public Activity? StartPublishing(string topic)
    {
        var activity = Source.StartActivity($"publish {topic}", ActivityKind.Producer);
        if (activity is not { IsAllDataRequested: true }) return activity;

        return Describe(activity, topic, "publish");
    }

    /// <summary>The span of handling a message, which goes on with the trace of its publisher.</summary>
    public Activity? StartHandling(MqttMessage message, string filter)
    {
        if (!Source.HasListeners()) return null;

        var parent = default(ActivityContext);
        var properties = message.UserProperties;
        if (ValueOf(properties, TraceParent) is { } traceParent) ActivityContext.TryParse(traceParent, ValueOf(properties, TraceState), isRemote: true, out parent);
        var activity = Source.StartActivity($"process {filter}", ActivityKind.Consumer, parent);
        return activity is { IsAllDataRequested: true } ? Describe(activity, message.Topic, "process") : activity;
    }

    /// <summary>The message with the trace context of the current activity.</summary>
    public MqttMessage Inject(MqttMessage message)
    {
        if (!_options.PropagatesTraceContext || Activity.Current is not { IdFormat: ActivityIdFormat.W3C, Id: { } id } activity) return message;
        if (ValueOf(message.UserProperties, TraceParent) is not null) return message;

        var properties = new List<UserProperty>(message.UserProperties) { new(TraceParent, id) };
        if (!string.IsNullOrEmpty(activity.TraceStateString)) properties.Add(new UserProperty(TraceState, activity.TraceStateString));
        return message.WithUserProperties(properties);
    }

    public void Dispose() => _meter.Dispose();

    private static string? ValueOf(IReadOnlyList<UserProperty> properties, string name)
    {
        foreach (var property in properties)
        {
            if (property.Name == name) return property.Value;
        }

        return null;
    }

    private Activity Describe(Activity activity, string topic, string operation)
    {
        activity.SetTag("messaging.system", "mqtt");
        activity.SetTag("messaging.destination.name", topic);
        activity.SetTag("messaging.operation.name", operation);
        activity.SetTag(_clientTag.Key, _clientTag.Value);
        return activity;
    }

    private void Count(string name, string unit, Func<long> read) => _meter.CreateObservableCounter(name, () => new Measurement<long>(read(), _clientTag), unit);
}
