using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class DisconnectTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.14.4-1", "MQTT-3.14.4-2")]
    public async Task Disconnect_from_the_client_closes_the_connection_without_an_answer(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Disconnect());

        await client.ExpectCloseAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.14.4-1", "3.1.1 MQTT-4.8.0-1")]
    public async Task Packets_behind_disconnect_are_not_processed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Disconnect(), Given.Publish("a").Payload("late"));

        await client.ExpectCloseAsync();
        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task Disconnect_with_reason_string_and_user_property_is_accepted()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Disconnect(ReasonCode.UnspecifiedError).Property(PropertyId.ReasonString, "tired").UserProperty("k", "v"));

        await client.ExpectCloseAsync();
    }

    [Fact, Spec("MQTT-3.14.2-1")]
    public async Task Disconnect_with_a_reason_of_another_packet_is_a_protocol_error()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync("E0 01 18");

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError, ReasonCode.MalformedPacket);
    }

    [Fact, Spec("MQTT-3.14.2-3", "MQTT-3.14.2-4", "MQTT-3.14.2-2", "MQTT-3.1.2-24")]
    public async Task Disconnect_from_the_broker_keeps_to_maximum_packet_size()
    {
        // The CONNACK of this broker is small, so that the client can be narrow: the peer fails on any packet above its maximum.
        await using var broker = new TestBroker();
        var wide = await broker.ConnectAsync(Given.Client("wide"));
        var narrow = await broker.ConnectAsync(Given.Client("narrow").MaximumPacketSize((uint)wide.Connack.Bytes.Length));

        await narrow.SendAsync(Given.Publish("").TopicAlias(7));

        var disconnect = await narrow.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        Assert.False(disconnect!.Has(PropertyId.SessionExpiryInterval));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.14.2-1", "MQTT-3.14.4-2", "MQTT-4.13.2-1")]
    public async Task Stop_disconnects_all_clients(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version));
        var early = await broker.OpenAsync(version);

        await broker.Broker.StopAsync(TimeSpan.FromSeconds(1));

        await one.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await two.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await early.ExpectCloseAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.13.2-1", "3.1.1 MQTT-4.8.0-2")]
    public async Task Fault_within_the_broker_ends_only_the_connection_it_came_on(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new FailingAuthorizer()] }) { AllowsErrors = true };
        var other = await broker.ConnectAsync(Given.Client("other").Version(version).Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Publish("fault").Qos1(1));

        await client.ExpectDisconnectAsync(ReasonCode.UnspecifiedError, ReasonCode.ImplementationSpecificError);
        await other.SendAsync(Given.Publish("a").Payload("x"));
        await other.ExpectAsync(Given.Publish("a").Payload("x"));
        Assert.Single(broker.Log.Errors);
    }

    [Theory, BothVersions]
    public async Task Connection_that_comes_after_stop_is_closed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        await broker.Broker.StopAsync(TimeSpan.Zero);

        var client = await broker.OpenAsync(version);

        await client.ExpectCloseAsync();
    }

    private sealed class FailingAuthorizer : IAuthorizer
    {
        public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain)
        {
            return topicName.SequenceEqual("fault"u8) ? throw new NotSupportedException("This authorizer fails.") : true;
        }

        public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => true;
    }
}
