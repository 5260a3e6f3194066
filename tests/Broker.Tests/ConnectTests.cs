using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class ConnectTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-5", "MQTT-3.2.0-1", "MQTT-3.2.0-2", "MQTT-3.2.2-1", "MQTT-3.2.2-8", "MQTT-4.2.0-1")]
    [Spec("3.1.1 MQTT-3.1.4-4", "3.1.1 MQTT-3.2.0-1", "3.1.1 MQTT-7.0.0-2", "3.1.1 MQTT-7.1.1-1")]
    public async Task Connect_valid_is_accepted_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(Given.Client("c").Version(version));

        await client.ExpectAsync(Given.Connack());
        await client.ExpectNothingAsync();
        Assert.Single(client.Received, packet => packet.Type == PacketType.Connack);
    }

    [Fact]
    public async Task Connect_of_mqtt_3_1_is_accepted()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").V31().Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").V31());

        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1));

        await writer.ExpectAsync(Given.Puback(1));
        await reader.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "MQTT-3.1.3-3")]
    [Spec("3.1.1 MQTT-3.1.2-9", "3.1.1 MQTT-3.1.2-19", "3.1.1 MQTT-3.1.2-21", "3.1.1 MQTT-3.1.3-3")]
    public async Task Connect_with_every_field_is_read_in_order(ProtocolVersion version)
    {
        var authenticator = new PasswordAuthenticator("user", "secret");
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [authenticator] });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").UserName("user").Password("secret").Subscribed("will/#"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will/c", "gone").UserName("user").Password("secret"));

        await client.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will/c").Payload("gone"));
        Assert.Equal("c", authenticator.Last?.ClientId);
        Assert.Equal("user", authenticator.Last?.UserName);
    }

    [Fact, Spec("MQTT-3.1.2-19")]
    public async Task Connect_with_password_but_no_user_name_is_valid_in_5_0()
    {
        var authenticator = new PasswordAuthenticator(userName: null, "secret");
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [authenticator] });

        await broker.ConnectAsync(Given.Client("c").Password("secret"));

        Assert.Null(authenticator.Last?.UserName);
    }

    [Fact]
    public async Task Connack_tells_the_limits_of_the_broker()
    {
        var options = new BrokerOptions { SysIntervalSeconds = 0, PacketSizeMax = 5000, ReceiveMaximum = 7, TopicAliasMaximum = 9 };
        await using var broker = new TestBroker(options);

        var client = await broker.ConnectAsync(Given.Client("c"));

        Assert.Equal(5000u, client.Connack.Integer(PropertyId.MaximumPacketSize));
        Assert.Equal(7u, client.Connack.Integer(PropertyId.ReceiveMaximum));
        Assert.Equal(9u, client.Connack.Integer(PropertyId.TopicAliasMaximum));
        Assert.False(client.Connack.Has(PropertyId.AssignedClientIdentifier));
        Assert.False(client.Connack.Has(PropertyId.AuthenticationMethod));
    }

    [Fact, Spec("MQTT-3.2.2-9")]
    public async Task Connack_leaves_out_maximum_qos_2_and_features_that_are_available()
    {
        await using var broker = new TestBroker();

        var client = await broker.ConnectAsync(Given.Client("c"));

        Assert.False(client.Connack.Has(PropertyId.MaximumQos));
        Assert.NotEqual(0u, client.Connack.Integer(PropertyId.RetainAvailable));
        Assert.NotEqual(0u, client.Connack.Integer(PropertyId.SharedSubscriptionAvailable));
    }

    [Theory]
    [InlineData(ProtocolVersion.V311, "4D 51 54 58", 4)]
    [InlineData(ProtocolVersion.V50, "4D 51 54 58", 5)]
    [InlineData(ProtocolVersion.V311, "6D 71 74 74", 4)]
    [Spec("MQTT-3.1.2-1", "MQTT-3.2.2-7", "3.1.1 MQTT-3.1.2-1")]
    public async Task Connect_with_another_protocol_name_is_closed(ProtocolVersion version, string name, byte level)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(version);

        await client.SendAsync(HexText.Packet(0x10, $"0004 {name} {level:X2} 02 0000 {(level == 5 ? "00" : "")} 0001 63"));

        var answer = Convert.ToHexString(await client.ReadToEndAsync());
        Assert.Contains(answer, (string[])["", "20020001", "2003008400"]);
    }

    [Theory]
    [InlineData("0004 4D515454", "06")]
    [InlineData("0004 4D515454", "09")]
    [InlineData("0004 4D515454", "03")]
    [InlineData("0006 4D5149736470", "04")]
    [Spec("MQTT-3.1.2-2", "3.1.1 MQTT-3.1.2-2", "3.1.1 MQTT-3.2.2-5")]
    public async Task Connect_with_unsupported_level_gets_the_return_code_and_a_close(string name, string level)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(ProtocolVersion.V311);

        await client.SendAsync(HexText.Packet(0x10, $"{name} {level} 02 003C 0001 63"));

        var answer = Convert.ToHexString(await client.ReadToEndAsync());
        Assert.Contains(answer, (string[])["20020001", "2003008400"]);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.0-1", "MQTT-3.14.0-1", "3.1.1 MQTT-3.1.0-1")]
    public async Task First_packet_that_is_not_connect_is_closed_without_an_answer(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(version);

        await client.SendAsync(Given.Pingreq());

        await client.ExpectCloseAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.0-2", "MQTT-3.2.0-2", "3.1.1 MQTT-3.1.0-2", "3.1.1 MQTT-4.8.0-1")]
    public async Task Connect_sent_twice_is_closed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Client("c").Version(version));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-2", "MQTT-3.1.4-6", "MQTT-3.2.2-7", "MQTT-3.14.0-1", "3.1.1 MQTT-3.1.4-5", "3.1.1 MQTT-3.2.2-5")]
    public async Task Packets_behind_a_refused_connect_are_not_processed(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("user", "secret")] });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").UserName("user").Password("secret").Subscribed("#"));
        var client = await broker.OpenAsync(version);

        await client.SendAsync(Given.Client("c").Version(version).UserName("user").Password("wrong"), Given.Publish("a").Payload("x"));

        await client.ExpectRefusalAsync(ReasonCode.NotAuthorized, ReasonCode.BadUserNameOrPassword);
        await watcher.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Packets_in_one_write_with_connect_are_processed_after_it(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(version);

        await client.SendAsync(Given.Client("c").Version(version), Given.Subscribe(1).Filter("a"), Given.Publish("a").Payload("x"), Given.Pingreq());

        await client.ExpectAsync(Given.Connack(), Given.Suback(1, ReasonCode.Success), Given.Publish("a").Payload("x"), Given.Pingresp());
    }

    [Theory, BothVersions]
    public async Task Packets_that_arrive_byte_by_byte_are_put_together(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(version);
        byte[] bytes = [.. Given.Client("c").Version(version).Encode(), .. Given.Subscribe(1).Filter("a").Encode(version), .. Given.Publish("a").Payload("x").Encode(version)];

        foreach (var b in bytes) await client.SendAsync([b]);

        await client.ExpectAsync(Given.Connack(), Given.Suback(1, ReasonCode.Success), Given.Publish("a").Payload("x"));
    }

    [Theory, BothVersions]
    public async Task Connection_without_connect_is_closed_after_the_time_out(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ConnectTimeoutSeconds = 10 });
        var client = await broker.OpenAsync(version);
        await client.SendAsync("10");

        await broker.AdvanceAsync(9);
        client.ExpectNoBytes();
        await broker.AdvanceAsync(3);

        await client.ExpectCloseAsync();
    }

    [Theory, BothVersions]
    public async Task Connections_beyond_the_limit_are_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ConnectionsMax = 1 });
        var first = await broker.ConnectAsync(Given.Client("first").Version(version));

        var second = await broker.OpenAsync(Given.Client("second").Version(version));
        await second.ExpectRefusalAsync(ReasonCode.QuotaExceeded);
        await first.ExpectNothingAsync();
        await first.DisconnectAsync();

        await broker.ConnectAsync(Given.Client("third").Version(version));
    }

    [Fact]
    public async Task Connections_beyond_the_limit_of_a_listener_are_refused()
    {
        await using var broker = new TestBroker();
        var narrow = new ListenerPolicy { Name = "narrow", AllowAnonymous = true, ConnectionsMax = 1 };
        await broker.ConnectAsync(Given.Client("first"), narrow);

        var second = await broker.OpenAsync(Given.Client("second"), narrow);

        await second.ExpectRefusalAsync(ReasonCode.QuotaExceeded);
        await broker.ConnectAsync(Given.Client("third"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.12.4-1", "3.1.1 MQTT-3.12.4-1")]
    public async Task Pingreq_is_answered(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync("C0 00");

        var answer = await client.ExpectAsync(Given.Pingresp());
        Assert.Equal([0xD0, 0x00], answer.Bytes);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.13.2-1", "3.1.1 MQTT-4.8.0-1")]
    public async Task Broken_transport_ends_only_its_own_connection(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var other = await broker.ConnectAsync(Given.Client("other").Version(version).Subscribed("a"));
        var broken = await broker.ConnectAsync(Given.Client("broken").Version(version));

        await broken.ResetAsync();

        await other.SendAsync(Given.Publish("a").Payload("x"));
        await other.ExpectAsync(Given.Publish("a").Payload("x"));
    }
}
