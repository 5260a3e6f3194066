using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class SessionTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-5", "MQTT-3.1.2-23", "MQTT-3.1.4-4", "MQTT-3.2.2-3")]
    [Spec("3.1.1 MQTT-3.1.2-4", "3.1.1 MQTT-3.1.4-3", "3.1.1 MQTT-3.2.2-2", "3.1.1 MQTT-4.1.0-1")]
    public async Task Session_kept_is_resumed_with_its_subscriptions(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await first.CloseAsync();

        var again = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());

        Assert.True(again.Connack.SessionPresent);
        await again.SendAsync(Given.Publish("a").Payload("x"));
        await again.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-6", "MQTT-3.2.2-3", "3.1.1 MQTT-3.2.2-3", "3.1.1 MQTT-3.1.2-4")]
    public async Task Session_that_does_not_exist_is_started(ProtocolVersion version)
    {
        await using var broker = new TestBroker();

        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Clean(false));

        Assert.False(client.Connack.SessionPresent);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-4", "MQTT-3.1.4-4", "MQTT-3.2.2-2")]
    [Spec("3.1.1 MQTT-3.1.2-6", "3.1.1 MQTT-3.1.4-3", "3.1.1 MQTT-3.2.2-1")]
    public async Task Session_kept_is_discarded_by_a_clean_start(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await first.CloseAsync();

        var clean = await broker.ConnectAsync(Given.Client("c").Version(version).Clean(true));
        Assert.False(clean.Connack.SessionPresent);
        await clean.SendAsync(Given.Publish("a").Payload("x"));
        await clean.ExpectNothingAsync();
        await clean.DisconnectAsync();

        var last = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        Assert.False(last.Connack.SessionPresent);
    }

    [Fact, Spec("MQTT-3.1.2-4", "MQTT-3.1.2-23")]
    public async Task Session_of_a_clean_start_with_expiry_is_kept()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Clean(true).SessionExpiry(60));
        await first.CloseAsync();

        var again = await broker.ConnectAsync(Given.Client("c").Clean(false));

        Assert.True(again.Connack.SessionPresent);
    }

    [Fact, Spec("MQTT-4.1.0-2")]
    public async Task Session_without_expiry_ends_with_its_connection()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Clean(false));
        await first.DisconnectAsync();

        var again = await broker.ConnectAsync(Given.Client("c").Clean(false));

        Assert.False(again.Connack.SessionPresent);
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(12, false)]
    [Spec("MQTT-3.1.2-23", "MQTT-4.1.0-2")]
    public async Task Session_with_expiry_ends_when_that_time_has_passed_after_its_connection(double seconds, bool isKept)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Persistent(10));
        await broker.AdvanceAsync(30);
        await first.CloseAsync();

        await broker.AdvanceAsync(seconds);

        var again = await broker.ConnectAsync(Given.Client("c").Persistent(10));
        Assert.Equal(isKept, again.Connack.SessionPresent);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-23", "3.1.1 MQTT-3.1.2-4")]
    public async Task Session_that_never_expires_is_kept_for_days(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        await first.CloseAsync();

        await broker.AdvanceAsync(TimeSpan.FromDays(2));

        var again = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());
        Assert.True(again.Connack.SessionPresent);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.1.0-1", "3.1.1 MQTT-4.1.0-2")]
    public async Task Session_lives_as_long_as_its_connection(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a"));

        await broker.AdvanceAsync(3600);

        await client.SendAsync(Given.Publish("a").Payload("x"));
        await client.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Fact]
    public async Task Session_expiry_changed_at_disconnect_counts()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Persistent(10));
        await first.SendAsync(Given.Disconnect().SessionExpiry(100));
        await first.ExpectCloseAsync();

        await broker.AdvanceAsync(50);

        var again = await broker.ConnectAsync(Given.Client("c").Persistent(10));
        Assert.True(again.Connack.SessionPresent);
    }

    [Fact]
    public async Task Session_expiry_set_to_0_at_disconnect_ends_the_session()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("c").Persistent(100));
        await first.SendAsync(Given.Disconnect().SessionExpiry(0));
        await first.ExpectCloseAsync();

        var again = await broker.ConnectAsync(Given.Client("c").Persistent(100));

        Assert.False(again.Connack.SessionPresent);
    }

    [Fact, Spec("MQTT-3.14.2-2")]
    public async Task Session_expiry_of_0_cannot_be_raised_at_disconnect()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Disconnect().SessionExpiry(60));

        var disconnect = await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        Assert.False(disconnect!.Has(PropertyId.SessionExpiryInterval));
    }

    [Fact]
    public async Task Session_expiry_above_the_limit_is_cut_and_told()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, SessionExpiryMaxSeconds = 30 });
        var first = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.Equal(30u, first.Connack.Integer(PropertyId.SessionExpiryInterval));
        await first.CloseAsync();

        await broker.AdvanceAsync(32);

        var again = await broker.ConnectAsync(Given.Client("c").Persistent(20));
        Assert.False(again.Connack.SessionPresent);
        Assert.False(again.Connack.Has(PropertyId.SessionExpiryInterval));
    }

    [Fact]
    public async Task Session_of_3_1_1_ends_at_the_limit_of_the_broker()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, SessionExpiryMaxSeconds = 30 });
        var first = await broker.ConnectAsync(Given.Client("c").V311().Clean(false));
        await first.DisconnectAsync();

        await broker.AdvanceAsync(32);

        var again = await broker.ConnectAsync(Given.Client("c").V311().Clean(false));
        Assert.False(again.Connack.SessionPresent);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.3-2", "3.1.1 MQTT-3.1.3-2")]
    public async Task Sessions_are_told_apart_by_client_id(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Persistent().Subscribed("a"));
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Persistent().Subscribed("b"));
        await one.CloseAsync();
        await two.CloseAsync();

        one = await broker.ConnectAsync(Given.Client("one").Version(version).Persistent());
        two = await broker.ConnectAsync(Given.Client("two").Version(version).Persistent());

        await one.SendAsync(Given.Publish("b").Payload("x"));
        await one.ExpectNothingAsync();
        await two.ExpectAsync(Given.Publish("b").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-3", "3.1.1 MQTT-3.1.4-2")]
    public async Task Client_id_that_connects_again_takes_the_session_over(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var old = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a"));

        var taker = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent());

        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.True(taker.Connack.SessionPresent);
        await taker.SendAsync(Given.Publish("a").Payload("x"));
        await taker.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-3", "3.1.1 MQTT-3.1.4-2")]
    public async Task Client_id_that_connects_again_with_clean_start_starts_anew(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var old = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a"));

        var taker = await broker.ConnectAsync(Given.Client("c").Version(version).Clean(true));

        await old.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.False(taker.Connack.SessionPresent);
        await taker.SendAsync(Given.Publish("a").Payload("x"));
        await taker.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-2", "MQTT-3.2.2-6", "3.1.1 MQTT-3.2.2-4")]
    public async Task Client_id_of_another_is_not_taken_over_without_authentication(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("user", "secret")] });
        var owner = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().UserName("user").Password("secret"));

        var thief = await broker.OpenAsync(Given.Client("c").Version(version).Persistent().UserName("user").Password("wrong"));

        await thief.ExpectRefusalAsync(ReasonCode.NotAuthorized, ReasonCode.BadUserNameOrPassword);
        await owner.ExpectNothingAsync();
    }

    [Fact]
    public async Task Session_passes_between_versions()
    {
        await using var broker = new TestBroker();
        var old = await broker.ConnectAsync(Given.Client("c").V311().Clean(false).Subscribed("a", Qos.AtLeastOnce));
        await old.DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).UserProperty("k", "v"));
        await writer.ExpectAsync(Given.Puback(1));

        var client = await broker.ConnectAsync(Given.Client("c").V50().Persistent());

        Assert.True(client.Connack.SessionPresent);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1().UserProperty("k", "v"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.2.0-1", "3.1.1 MQTT-3.2.0-1")]
    public async Task Connack_comes_before_queued_messages(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce));
        await client.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));

        var again = await broker.OpenAsync(Given.Client("c").Version(version).Persistent());

        await again.ExpectAsync(Given.Connack().SessionPresent());
        await again.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }
}
