using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests.Protocol;

/// <summary>CONNECT, keep alive, and what a connection ends with.</summary>
public sealed class ConnectingTests
{
    [Fact, Spec("MQTT-3.1.0-1", "MQTT-3.1.3-3", "MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "MQTT-3.1.3-1", "3.1.1 MQTT-3.1.0-1", "3.1.1 MQTT-3.1.3-1")]
    public async Task Connect_carries_what_the_options_say()
    {
        await using var server = new ScriptedServer(o =>
        {
            o.ClientId = "sensor";
            o.UserName = "user";
            o.Password = "secret";
            o.KeepAlive = TimeSpan.FromSeconds(17);
            o.SessionExpiry = TimeSpan.FromSeconds(90);
            o.Will = new Will("gone", "sensor") { Qos = Qos.AtLeastOnce, Retain = true, Delay = TimeSpan.FromSeconds(5) };
            o.UserProperties.Add(new UserProperty("a", "b"));
        });
        await server.StartAsync();

        var expected = server.Connect;
        Assert.Null(expected.Error);
        Assert.Equal(90u, expected.Integer(PropertyId.SessionExpiryInterval));
        Assert.Equal(1024u, expected.Integer(PropertyId.ReceiveMaximum));
        var fields = expected.ToString();
        foreach (var part in (string[])["sensor", "user", "gone", "17"]) Assert.Contains(part, fields, StringComparison.Ordinal);
    }

    [Fact, Spec("3.1.1 MQTT-3.1.3-7")]
    public async Task Connect_without_client_identifier_asks_for_a_new_session()
    {
        await using var server = new ScriptedServer(o => o.ClientId = "", ProtocolVersion.V311);
        await server.StartAsync();

        Assert.Null(server.Connect.Error);
        Assert.Equal(0x02, server.Connect.Bytes[9] & 0x02);
        Assert.Throws<ArgumentException>(() => new MqttClient(new MqttClientOptions { Server = new Uri("mqtt://localhost"), ClientId = "", CleanStart = false }));
    }

    [Fact, Spec("MQTT-3.2.2-4", "3.1.1 MQTT-3.2.2-1")]
    public async Task Session_present_after_a_clean_start_ends_the_connection()
    {
        await using var server = new ScriptedServer();
        server.Client.Start();
        var peer = await server.OpenAsync();

        await peer.SendAsync(Given.Connack().SessionPresent());

        await peer.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-3.1.2-20", "3.1.1 MQTT-3.1.2-23")]
    public async Task Quiet_connection_gets_pingreq_and_a_dead_one_is_found_within_the_keep_alive()
    {
        await using var server = new ScriptedServer(o => o.KeepAlive = TimeSpan.FromSeconds(10));
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        var waiting = server.Client.ForAsync(ConnectionState.Waiting);

        for (var i = 0; i < 5; i++) server.Clock.Advance(TimeSpan.FromSeconds(1));
        await peer.ExpectAsync(Given.Pingreq());
        for (var i = 0; i < 5; i++) server.Clock.Advance(TimeSpan.FromSeconds(1));

        var change = await waiting;
        Assert.Contains("dead", change.Error!.Message, StringComparison.Ordinal);
    }

    [Fact, Spec("MQTT-3.1.2-21", "MQTT-3.2.2-21")]
    public async Task Server_keep_alive_counts_instead_of_the_own()
    {
        await using var server = new ScriptedServer(o => o.KeepAlive = TimeSpan.FromSeconds(1000));
        var peer = await server.StartAsync(connack => connack.Property(PropertyId.ServerKeepAlive, 10));
        await server.Client.ForAsync(ConnectionState.Connected);

        for (var i = 0; i < 5; i++) server.Clock.Advance(TimeSpan.FromSeconds(1));

        await peer.ExpectAsync(Given.Pingreq());
        Assert.Equal(TimeSpan.FromSeconds(10), server.Client.Server!.KeepAlive);
    }

    [Fact]
    public async Task Broker_that_acknowledges_nothing_is_left()
    {
        await using var server = new ScriptedServer(o =>
        {
            o.KeepAlive = TimeSpan.Zero;
            o.AcknowledgementTimeout = TimeSpan.FromSeconds(20);
        });
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        var enqueued = server.Client.EnqueueAsync(new MqttMessage("a", "x") { Qos = Qos.AtLeastOnce });
        await enqueued;
        await peer.ReadPacketAsync(PacketType.Publish);
        var waiting = server.Client.ForAsync(ConnectionState.Waiting);

        for (var i = 0; i < 6; i++) server.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Contains("acknowledged nothing", (await waiting).Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connack_that_does_not_come_ends_the_attempt_in_time()
    {
        await using var server = new ScriptedServer();
        var connecting = server.Client.ConnectAsync();
        await server.OpenAsync();

        server.Clock.Advance(TimeSpan.FromSeconds(10));

        var error = await Assert.ThrowsAsync<MqttConnectException>(() => connecting.WaitAsync(Wait.Deadline));
        Assert.Contains("did not answer within 10 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connack_with_a_refusal_tells_the_reason()
    {
        await using var server = new ScriptedServer();
        var connecting = server.Client.ConnectAsync();
        var peer = await server.OpenAsync();

        await peer.SendAsync(Given.Connack(ReasonCode.NotAuthorized).Property(PropertyId.ReasonString, "not you"));

        var error = await Assert.ThrowsAsync<MqttConnectException>(() => connecting.WaitAsync(Wait.Deadline));
        Assert.Equal(ReasonCode.NotAuthorized, error.Reason);
        Assert.Equal("not you", error.ReasonString);
    }

    [Theory]
    [InlineData("20 02 00 01")]
    [InlineData("20 03 00 84 00")]
    public async Task Broker_without_mqtt_5_is_asked_with_3_1_1(string connack)
    {
        await using var server = new ScriptedServer();
        var connecting = server.Client.ConnectAsync();
        var peer = await server.OpenAsync();
        await peer.SendAsync(connack);

        peer = await server.OpenAsync();
        await peer.SendAsync("20 02 00 00");

        Assert.Equal(ProtocolVersion.V311, (await connecting.WaitAsync(Wait.Deadline)).ProtocolVersion);
        Assert.Equal(4, server.Connect.Bytes[8]);
    }

    [Fact]
    public async Task Subscriptions_are_made_anew_where_the_session_is_gone_only()
    {
        await using var server = new ScriptedServer();
        var peer = await server.StartAsync();
        await ReceivingTests.SubscribeAsync(server, peer, "a", new SubscribeOptions());

        peer = await server.ReconnectAsync(sessionPresent: true);
        await server.Client.ForAsync(ConnectionState.Connected);
        await server.Client.PublishAsync("marker", "");
        await peer.ExpectAsync(Given.Publish("marker"));

        peer = await server.ReconnectAsync(sessionPresent: false);
        Assert.Equal(PacketType.Subscribe, (await peer.ReadPacketAsync()).Type);
    }

    [Fact]
    public async Task Pauses_between_attempts_are_random_and_grow()
    {
        var pauses = new List<TimeSpan>();
        await using var server = new ScriptedServer(o =>
        {
            o.TransportFactory = _ => throw new IOException("Nobody is there.");
            o.ReconnectDelay = TimeSpan.FromSeconds(1);
            o.ReconnectDelayMax = TimeSpan.FromSeconds(8);
            o.Random = new Ones();
        });
        server.Client.Start();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            var change = await server.Client.ForAsync(change => change.State == ConnectionState.Waiting && change.Attempt == attempt);
            pauses.Add(change.RetryIn);
            server.Clock.Advance(change.RetryIn);
        }

        Assert.Equal([1, 2, 4, 8, 8], pauses.Select(pause => Math.Round(pause.TotalSeconds)));
    }

    private sealed class Ones : Random
    {
        public override double NextDouble() => 0.999999;
    }
}
