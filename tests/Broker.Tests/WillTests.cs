using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class WillTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-7", "MQTT-3.1.2-8", "3.1.1 MQTT-3.1.2-8")]
    public async Task Will_is_published_when_the_client_closes_without_disconnect(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Version(version).Subscribed("will", Qos.ExactlyOnce));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will", "gone", Qos.AtLeastOnce));

        await client.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("gone").Qos1());
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-8", "3.1.1 MQTT-3.1.2-8")]
    public async Task Will_is_published_when_the_transport_breaks(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will"));

        await client.ResetAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-8", "MQTT-4.13.1-1", "3.1.1 MQTT-3.1.2-8")]
    public async Task Will_is_published_after_a_protocol_error(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will"));

        await client.SendAsync("C1 00");

        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-8", "3.1.1 MQTT-3.1.2-8")]
    public async Task Will_is_published_when_the_session_is_taken_over(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Will("will"));

        await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
        await watcher.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-10", "MQTT-3.14.4-3", "3.1.1 MQTT-3.1.2-10", "3.1.1 MQTT-3.14.4-3")]
    public async Task Will_is_deleted_by_disconnect(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Will("will"));

        await client.SendAsync(Given.Disconnect());

        await client.ExpectCloseAsync();
        await watcher.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ReasonCode.DisconnectWithWillMessage)]
    [InlineData(ReasonCode.UnspecifiedError)]
    [InlineData(ReasonCode.AdministrativeAction)]
    [Spec("MQTT-3.1.2-8", "MQTT-3.14.4-3")]
    public async Task Will_is_published_after_disconnect_with_another_reason_than_normal(ReasonCode reason)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Will("will"));

        await client.SendAsync(Given.Disconnect(reason));

        await client.ExpectCloseAsync();
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory]
    [InlineData(ProtocolVersion.V311, "E1 00")]
    [InlineData(ProtocolVersion.V50, "E1 00")]
    [Spec("MQTT-3.14.1-1", "3.1.1 MQTT-3.14.1-1")]
    public async Task Will_is_published_after_a_malformed_disconnect(ProtocolVersion version, string disconnect)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will"));

        await client.SendAsync(disconnect);

        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact]
    public async Task Will_is_published_after_a_disconnect_that_raises_session_expiry_from_0()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Will("will"));

        await client.SendAsync(Given.Disconnect().SessionExpiry(10));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-10", "3.1.1 MQTT-3.1.2-10", "3.1.1 MQTT-3.1.2-12")]
    public async Task Will_is_published_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Will("will"));
        await client.CloseAsync();
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));

        var withoutWill = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await withoutWill.CloseAsync();

        await watcher.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-14", "3.1.1 MQTT-3.1.2-16")]
    public async Task Will_without_will_retain_is_not_retained(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will"));
        await client.CloseAsync();

        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("will"));

        await late.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-15", "3.1.1 MQTT-3.1.2-17")]
    public async Task Will_with_will_retain_is_retained(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will", "gone", Qos.AtLeastOnce, retain: true));
        await client.CloseAsync();
        await watcher.ExpectAsync(Given.Publish("will").Payload("gone"));

        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("will", Qos.ExactlyOnce));

        await late.ExpectAsync(Given.Publish("will").Payload("gone").Qos1().Retain());
    }

    [Fact, Spec("MQTT-3.1.3-10")]
    public async Task Will_carries_its_properties_in_order_but_not_the_delay()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Will("will", "gone")
            .WillProperty(PropertyId.PayloadFormatIndicator, 1)
            .WillUserProperty("a", "1")
            .WillProperty(PropertyId.WillDelayInterval, 5)
            .WillProperty(PropertyId.ContentType, "text/plain")
            .WillUserProperty("b", "2")
            .WillProperty(PropertyId.ResponseTopic, "answer")
            .WillProperty(PropertyId.CorrelationData, [0, 255])
            .WillUserProperty("a", "3"));

        await client.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("gone")
            .Property(PropertyId.PayloadFormatIndicator, 1)
            .UserProperty("a", "1")
            .Property(PropertyId.ContentType, "text/plain")
            .UserProperty("b", "2")
            .Property(PropertyId.ResponseTopic, "answer")
            .Property(PropertyId.CorrelationData, [0, 255])
            .UserProperty("a", "3"));
    }

    [Fact]
    public async Task Will_expiry_counts_from_its_publication()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Will("will", "gone").WillProperty(PropertyId.MessageExpiryInterval, 60));

        await broker.AdvanceAsync(100);
        await client.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("gone").MessageExpiry(60));
    }

    [Theory, BothVersions]
    public async Task Will_that_is_not_authorized_is_not_published(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.OpenAsync(Given.Client("c").Version(version).Will("denied/will", "gone"));

        await client.CloseAsync();

        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.2.2-12")]
    public async Task Will_above_maximum_qos_is_refused()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, MaximumQos = Qos.AtLeastOnce });

        var client = await broker.OpenAsync(Given.Client("c").Will("will", qos: Qos.ExactlyOnce));

        await client.ExpectRefusalAsync(ReasonCode.QosNotSupported);
    }

    [Fact, Spec("MQTT-3.2.2-13")]
    public async Task Will_to_be_retained_is_refused_where_retaining_is_not_available()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, RetainAvailable = false });

        var client = await broker.OpenAsync(Given.Client("c").Will("will", retain: true));

        await client.ExpectRefusalAsync(ReasonCode.RetainNotSupported);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-8")]
    public async Task Will_is_queued_for_clients_that_are_away(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Version(version).Persistent().Subscribed("will", Qos.AtLeastOnce));
        await watcher.CloseAsync();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will", qos: Qos.AtLeastOnce));
        await client.CloseAsync();

        watcher = await broker.ConnectAsync(Given.Client("watcher").Version(version).Persistent());

        await watcher.ExpectAsync(Given.Publish("will").Payload("will").Qos1());
    }
}
