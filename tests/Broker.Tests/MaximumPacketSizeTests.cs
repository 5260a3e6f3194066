using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Maximum Packet Size of the client. The peer fails on any packet above it.</summary>
public sealed class MaximumPacketSizeTests
{
    [Theory]
    [InlineData(Qos.AtMostOnce)]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    [Spec("MQTT-3.1.2-24", "MQTT-3.1.2-25")]
    public async Task Message_too_large_is_dropped_and_the_next_one_comes(Qos qos)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").MaximumPacketSize(100).ReceiveMaximum(1).Subscribed("a", qos));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Payload(new byte[200]).WithQos(qos, 1), Given.Publish("a").Payload("small").WithQos(qos, 2));

        await reader.ExpectAsync(Given.Publish("a").Payload("small").WithQos(qos));
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-24")]
    public async Task Message_of_exactly_the_maximum_is_delivered()
    {
        await using var broker = new TestBroker();
        var publish = Given.Publish("a").Payload(new byte[50]);
        var size = (uint)publish.Encode(ProtocolVersion.V50).Length;
        var reader = await broker.ConnectAsync(Given.Client("reader").MaximumPacketSize(Math.Max(size, 80)).Subscribed("a"));

        await reader.SendAsync(Given.Publish("a").Payload(new byte[50 + Math.Max(size, 80) - size]), Given.Publish("a").Payload(new byte[51 + Math.Max(size, 80) - size]));

        var delivered = await reader.ReadPacketAsync(PacketType.Publish);
        Assert.Equal(Math.Max(size, 80), (uint)delivered.Bytes.Length);
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-24", "MQTT-3.1.2-25")]
    public async Task Message_too_large_is_dropped_from_the_queue_of_a_session_that_resumes()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload(new byte[200]).Qos1(1), Given.Publish("a").Payload("small").Qos1(2));

        reader = await broker.ConnectAsync(Given.Client("reader").Persistent().MaximumPacketSize(100).ReceiveMaximum(1));

        await reader.ExpectAsync(Given.Publish("a").Payload("small").Qos1());
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-24")]
    public async Task Message_too_large_for_one_is_delivered_to_the_other()
    {
        await using var broker = new TestBroker();
        var narrow = await broker.ConnectAsync(Given.Client("narrow").MaximumPacketSize(100).Subscribed("#"));
        var wide = await broker.ConnectAsync(Given.Client("wide").Subscribed("#"));
        var publish = Given.Publish("a").Payload(new byte[200]);

        await wide.SendAsync(publish);

        await wide.ExpectAsync(publish);
        await narrow.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-24", "MQTT-3.1.2-25")]
    public async Task Retained_message_too_large_is_left_out()
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a/large").Payload(new byte[200]).Retain(), Given.Publish("a/small").Payload("x").Retain());

        var reader = await broker.ConnectAsync(Given.Client("reader").MaximumPacketSize(100).Subscribed("a/#"));

        await reader.ExpectAsync(Given.Publish("a/small").Payload("x").Retain());
        await reader.ExpectNothingAsync();
    }

    [Fact]
    [Spec("MQTT-3.2.2-19", "MQTT-3.2.2-20")]
    public async Task Connack_of_a_refusal_keeps_to_the_maximum()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("user", "secret")] });
        var wide = await broker.OpenAsync(Given.Client("c").UserName("user").Password("wrong"));
        var whole = await wide.ExpectAsync(Given.Connack(ReasonCode.NotAuthorized));
        Assert.True(whole.Has(PropertyId.ReasonString));

        var narrow = await broker.OpenAsync(Given.Client("c").UserName("user").Password("wrong").MaximumPacketSize((uint)whole.Bytes.Length - 1));

        var connack = await narrow.ExpectAsync(Given.Connack(ReasonCode.NotAuthorized));
        Assert.Empty(connack.Properties);
        await narrow.ExpectCloseAsync();
    }

    [Fact]
    [Spec("MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.5.2-2", "MQTT-3.5.2-3", "MQTT-3.7.2-2", "MQTT-3.7.2-3", "MQTT-3.6.2-2", "MQTT-3.6.2-3")]
    public async Task Acknowledgements_keep_to_the_maximum()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var wide = await broker.ConnectAsync(Given.Client("wide"));
        await wide.SendAsync(Given.Publish("denied").Qos1(1));
        var whole = await wide.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
        Assert.True(whole.Has(PropertyId.ReasonString));
        var narrow = await broker.ConnectAsync(Given.Client("narrow").MaximumPacketSize((uint)Math.Max(whole.Bytes.Length - 1, wide.Connack.Bytes.Length)));
        Assert.True(wide.Connack.Bytes.Length < whole.Bytes.Length, "The CONNACK is too long for this test.");

        await narrow.SendAsync(Given.Publish("denied").Qos1(1), Given.Publish("denied").Qos2(2), Given.Pubrel(3), Given.Pubrec(4));

        await ExpectBareAsync(narrow, Given.Puback(1, ReasonCode.NotAuthorized));
        await ExpectBareAsync(narrow, Given.Pubrec(2, ReasonCode.NotAuthorized));
        await ExpectBareAsync(narrow, Given.Pubcomp(3, ReasonCode.PacketIdentifierNotFound));
        await ExpectBareAsync(narrow, Given.Pubrel(4, ReasonCode.PacketIdentifierNotFound));
    }

    [Fact]
    [Spec("MQTT-3.9.2-1", "MQTT-3.9.2-2", "MQTT-3.11.2-1", "MQTT-3.11.2-2")]
    public async Task Suback_and_unsuback_keep_to_the_maximum()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var wide = await broker.ConnectAsync(Given.Client("wide"));
        var narrow = await broker.ConnectAsync(Given.Client("narrow").MaximumPacketSize((uint)wide.Connack.Bytes.Length));

        await narrow.SendAsync(Given.Subscribe(1).Filter("denied"), Given.Unsubscribe(2).Filter("denied"));

        await ExpectBareAsync(narrow, Given.Suback(1, ReasonCode.NotAuthorized));
        await ExpectBareAsync(narrow, Given.Unsuback(2, ReasonCode.NoSubscriptionExisted));
    }

    [Fact]
    [Spec("MQTT-3.15.2-2", "MQTT-3.15.2-3")]
    public async Task Auth_carries_no_reason_string_that_could_exceed_the_maximum()
    {
        await using var broker = new TestBroker(services: new BrokerServices { EnhancedAuthenticators = [new Endless()] });
        var size = (uint)Given.Auth(ReasonCode.ContinueAuthentication, "ENDLESS", "more").Encode(ProtocolVersion.V50).Length;

        var client = await broker.OpenAsync(Given.Client("c").MaximumPacketSize(size).Authentication("ENDLESS", "x"));

        var auth = await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, "ENDLESS", "more"));
        Assert.False(auth.Has(PropertyId.ReasonString) || auth.Has(PropertyId.UserProperty));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(12)]
    [Spec("MQTT-3.1.2-24")]
    public async Task Client_whose_maximum_is_below_its_connack_is_refused(uint maximum)
    {
        await using var broker = new TestBroker();

        var client = await broker.OpenAsync(Given.Client("c").MaximumPacketSize(maximum));

        if (maximum >= 5) await client.ExpectAsync(Given.Connack(ReasonCode.PacketTooLarge));
        await client.ExpectCloseAsync();
    }

    [Fact, Spec("MQTT-3.1.2-24")]
    public async Task Subscribe_whose_suback_exceeds_the_maximum_is_disconnected()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").MaximumPacketSize(40));
        var subscribe = Given.Subscribe(1);
        for (var number = 0; number < 100; number++) subscribe = subscribe.Filter($"{number}");

        await client.SendAsync(subscribe);

        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact, Spec("MQTT-3.1.2-24")]
    public async Task Unsubscribe_whose_unsuback_exceeds_the_maximum_is_disconnected()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").MaximumPacketSize(40));
        var unsubscribe = Given.Unsubscribe(1);
        for (var number = 0; number < 100; number++) unsubscribe = unsubscribe.Filter($"{number}");

        await client.SendAsync(unsubscribe);

        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact, Spec("MQTT-3.1.2-24")]
    public async Task Auth_above_the_maximum_ends_the_exchange()
    {
        await using var broker = new TestBroker(services: new BrokerServices { EnhancedAuthenticators = [new Endless()] });

        var client = await broker.OpenAsync(Given.Client("c").MaximumPacketSize(10).Authentication("ENDLESS", "x"));

        await client.ExpectRefusalAsync(ReasonCode.PacketTooLarge);
    }

    private static async Task ExpectBareAsync(TestPeer peer, PacketBuilder expected)
    {
        var packet = await peer.ExpectAsync(expected);
        Assert.Empty(packet.Properties);
    }

    private sealed class Endless : IEnhancedAuthenticator, IAuthenticationExchange
    {
        public string Method => "ENDLESS";

        public IAuthenticationExchange Begin(AuthenticationRequest request) => this;

        public ValueTask<AuthenticationStep> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            return ValueTask.FromResult(new AuthenticationStep(ReasonCode.ContinueAuthentication, Encoding.UTF8.GetBytes("more")));
        }
    }
}
