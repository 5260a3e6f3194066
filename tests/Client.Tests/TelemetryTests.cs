using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Client.Tests;

/// <summary>What OpenTelemetry gets to see.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_count_messages_bytes_and_what_aliases_save()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("measured");
        await using var subscription = await client.OpenSubscriptionAsync("a/long/topic");
        for (var i = 0; i < 10; i++) await client.PublishAsync("a/long/topic", "x", Qos.AtLeastOnce);
        await subscription.ReadAllAsync().TakeAsync(10);

        var metrics = Read("measured");

        Assert.Equal(10, metrics["messaging.client.sent.messages"]);
        Assert.Equal(10, metrics["messaging.client.consumed.messages"]);
        Assert.Equal(0, metrics["avocet.client.dropped.messages"]);
        Assert.Equal(1, metrics["avocet.client.connections"]);
        Assert.Equal(1, metrics["avocet.client.connected"]);
        Assert.Equal(0, metrics["avocet.client.outstanding.messages"]);
        // The first one tells the alias; each further one sends the alias instead of the topic.
        Assert.Equal((9 * ("a/long/topic".Length - 3)) - 3, metrics["avocet.client.alias.saved.bytes"]);
        Assert.Equal(client.Statistics.BytesSent, metrics["avocet.client.sent.bytes"]);
        Assert.Equal(client.Statistics.BytesReceived, metrics["avocet.client.received.bytes"]);
    }

    [Fact]
    public async Task Trace_context_travels_in_user_properties_and_the_spans_say_what_was_done()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MqttClient.TelemetryName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("traced");
        await using var subscription = await client.OpenSubscriptionAsync("a");

        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C);
        activity.TraceStateString = "vendor=1";
        activity.Start();
        await client.PublishAsync("a", "x", Qos.AtLeastOnce);

        var message = Assert.Single(await subscription.ReadAllAsync().TakeAsync(1));
        var span = Assert.Single(spans, span => span.TraceId == activity.TraceId);
        Assert.Equal([new UserProperty("traceparent", span.Id!), new UserProperty("tracestate", "vendor=1")], message.UserProperties);
        Assert.Equal(ActivityKind.Producer, span.Kind);
        Assert.Equal(activity.SpanId, span.ParentSpanId);
        Assert.Equal("publish a", span.DisplayName);
        Assert.Equal("mqtt", span.GetTagItem("messaging.system"));
        Assert.Equal("a", span.GetTagItem("messaging.destination.name"));
        Assert.Equal("traced", span.GetTagItem("messaging.client.id"));
    }

    // The instruments of one client, by name.
    private static Dictionary<string, long> Read(string clientId)
    {
        var values = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == MqttClient.TelemetryName) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return values;

        void Take(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "messaging.client.id" && clientId.Equals(tag.Value)) values[instrument.Name] = value;
            }
        }
    }
}
