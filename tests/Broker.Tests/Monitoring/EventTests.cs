using Avocet.Broker.Monitoring.Events;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>What can be read afterwards of the broker's decisions.</summary>
public sealed class EventTests
{
    private static readonly BrokerOptions Quiet = new() { SysIntervalSeconds = 0 };

    [Fact]
    public async Task Connection_tells_its_beginning_and_its_end()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.DisconnectAsync();
        await client.Connection;

        var events = broker.Broker.Events.Read();
        Assert.Equal([BrokerEventKind.Connected, BrokerEventKind.Disconnected], events.Select(one => one.Kind));
        Assert.All(events, one => Assert.Equal(("c", "test"), (one.ClientId, one.Listener)));
        Assert.Equal([1, 2], events.Select(one => one.Number));
        Assert.Equal(broker.Clock.GetUtcNow(), events[1].Time);
        Assert.Contains("DISCONNECT", events[1].Detail);
    }

    [Fact]
    public async Task Refused_connection_tells_who_came_and_why_it_was_refused_but_no_password()
    {
        await using var broker = new TestBroker(Quiet, new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "right")] });
        var client = await broker.OpenAsync(Given.Client("door").UserName("u").Password("wrong-secret"));
        await client.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized);
        await client.Connection;

        var refused = Only(broker, BrokerEventKind.ConnectionRefused);
        Assert.Equal("door", refused.ClientId);
        Assert.True(refused.Reason?.IsError());
        Assert.DoesNotContain(broker.Broker.Events.Read(), one => one.ToString().Contains("wrong-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Takeover_and_protocol_error_have_kinds_of_their_own()
    {
        await using var broker = new TestBroker(Quiet);
        var former = await broker.ConnectAsync(Given.Client("c"));
        var latter = await broker.ConnectAsync(Given.Client("c"));
        await former.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await former.Connection;
        await latter.SendAsync(Given.Client("c"));
        await latter.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        await latter.Connection;

        Assert.Equal("c", Only(broker, BrokerEventKind.TakenOver).ClientId);
        Assert.Contains("CONNECT", Only(broker, BrokerEventKind.ProtocolError).Detail);
    }

    [Fact]
    public async Task Refused_topics_tell_the_rule_and_what_repeats_is_counted()
    {
        await using var broker = new TestBroker(Quiet, new BrokerServices { Authorizers = [new SecretAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c"));
        for (var number = 0; number < 50; number++) await client.SendAsync(Given.Publish($"secret/{number}"));
        await client.SendAsync(Given.Subscribe(1).Filter("secret/#"));
        Assert.Equal(PacketType.Suback, (await client.ReadPacketAsync()).Type);

        var refused = Only(broker, BrokerEventKind.PublishRefused);
        Assert.Equal(("c", "secret/0", ReasonCode.NotAuthorized, "rules:7 deny Publish", 1), (refused.ClientId, refused.Topic, refused.Reason, refused.Rule, refused.Count));
        Assert.Equal(("secret/#", "rules:7 deny Subscribe"), (Only(broker, BrokerEventKind.SubscribeRefused).Topic, Only(broker, BrokerEventKind.SubscribeRefused).Rule));

        await broker.AdvanceAsync(1.5);
        Assert.Equal([1, 49], Of(broker, BrokerEventKind.PublishRefused).Select(one => one.Count));
        await broker.AdvanceAsync(3);
        await client.SendAsync(Given.Publish("secret/new"));
        Assert.Equal([1, 49, 1], Of(broker, BrokerEventKind.PublishRefused).Select(one => one.Count));
    }

    [Fact]
    public async Task Subscriber_that_may_not_read_a_topic_is_named()
    {
        await using var broker = new TestBroker(Quiet, new BrokerServices { Authorizers = [new SecretAuthorizer { MayPublishAll = true, MaySubscribeAll = true }] });
        await broker.ConnectAsync(Given.Client("all").Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("secret/1").Qos1(1));
        await writer.ReadPacketAsync(PacketType.Puback);

        var denied = Only(broker, BrokerEventKind.DeliveryDenied);
        Assert.Equal(("all", "secret/1", "rules:7 deny Receive"), (denied.ClientId, denied.Topic, denied.Rule));
    }

    [Fact]
    public async Task Full_queue_and_expiry_and_large_message_are_told_with_the_topic()
    {
        await using var broker = new TestBroker(Quiet with { QueueMessagesMax = 1, QueueOverflow = QueueOverflow.DropNew });
        var full = await broker.ConnectAsync(Given.Client("full").Persistent().Subscribed("full", Qos.AtLeastOnce));
        await full.DisconnectAsync();
        var late = await broker.ConnectAsync(Given.Client("late").Persistent().Subscribed("late", Qos.AtLeastOnce));
        await late.DisconnectAsync();
        await broker.ConnectAsync(Given.Client("small").MaximumPacketSize(40).Subscribed("large"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("full").Qos1(1), Given.Publish("full").Qos1(2), Given.Publish("late").Qos1(3).Property(Avocet.Protocol.Properties.PropertyId.MessageExpiryInterval, 5u));
        await writer.SendAsync(Given.Publish("large").Payload(new byte[100]).Qos1(4));
        for (var id = 1; id <= 4; id++) await writer.ReadPacketAsync(PacketType.Puback);
        await broker.AdvanceAsync(10);
        await broker.ConnectAsync(Given.Client("late").Persistent());

        Assert.Equal(("full", "full"), (Only(broker, BrokerEventKind.QueueFull).ClientId, Only(broker, BrokerEventKind.QueueFull).Topic));
        Assert.Contains("offline", Only(broker, BrokerEventKind.QueueFull).Detail);
        Assert.Equal(("late", "late"), (Only(broker, BrokerEventKind.MessageExpired).ClientId, Only(broker, BrokerEventKind.MessageExpired).Topic));
        Assert.Equal(("small", "large"), (Only(broker, BrokerEventKind.MessageTooLarge).ClientId, Only(broker, BrokerEventKind.MessageTooLarge).Topic));
    }

    [Fact]
    public async Task Session_that_expires_tells_what_was_queued()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(10).Subscribed("a", Qos.AtLeastOnce));
        await client.DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Qos1(1), Given.Publish("a").Qos1(2));
        await broker.AdvanceAsync(11);

        var ended = Only(broker, BrokerEventKind.SessionEnded);
        Assert.Equal("c", ended.ClientId);
        Assert.Contains("2 queued messages", ended.Detail);
    }

    [Fact]
    public async Task Flood_of_one_kind_drives_out_no_other()
    {
        const int Max = 20;
        await using var broker = new TestBroker(Quiet with { EventsMax = Max }, new BrokerServices { Authorizers = [new SecretAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("first"));
        await client.SendAsync(Given.Publish("secret"));
        for (var number = 0; number < 3 * Max; number++)
        {
            var peer = await broker.ConnectAsync(Given.Client($"c{number}"));
            await peer.DisconnectAsync();
            await peer.Connection;
        }

        Assert.Equal("secret", Only(broker, BrokerEventKind.PublishRefused).Topic);
        var connected = Of(broker, BrokerEventKind.Connected);
        Assert.Equal(Enumerable.Range(2 * Max, Max).Select(number => $"c{number}"), connected.Select(one => one.ClientId!));
    }

    [Fact]
    public async Task Reader_gets_what_is_new_and_can_wait_for_it()
    {
        await using var broker = new TestBroker(Quiet);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var events = broker.Broker.Events;
        var waiting = events.WhenAfterAsync(0, end.Token);
        Assert.False(waiting.IsCompleted);
        await broker.ConnectAsync(Given.Client("a"));
        await waiting;
        Assert.Equal("a", Assert.Single(events.Read()).ClientId);

        await broker.ConnectAsync(Given.Client("b"));
        await events.WhenAfterAsync(1, end.Token);
        Assert.Equal("b", Assert.Single(events.Read(after: 1)).ClientId);
        Assert.Equal("b", Assert.Single(events.Read(max: 1)).ClientId);
        Assert.Equal("a", Assert.Single(events.Read(isMeant: one => one.ClientId == "a")).ClientId);
    }

    [Fact]
    public async Task Without_room_nothing_is_kept()
    {
        await using var broker = new TestBroker(Quiet with { EventsMax = 0 });
        await broker.ConnectAsync(Given.Client("a"));
        Assert.Empty(broker.Broker.Events.Read());
        Assert.Equal(0, broker.Broker.Events.Last);
    }

    private static List<BrokerEvent> Of(TestBroker broker, BrokerEventKind kind) => [.. broker.Broker.Events.Read(isMeant: one => one.Kind == kind)];

    private static BrokerEvent Only(TestBroker broker, BrokerEventKind kind) => Assert.Single(Of(broker, kind));
}
