using Avocet.Broker.Inspection;
using Avocet.Broker.Publishing;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>What the broker tells of its clients and messages, and does when it is told.</summary>
public sealed class InspectorTests
{
    private static readonly BrokerOptions Quiet = new() { SysIntervalSeconds = 0 };

    [Fact]
    public async Task Client_is_described_with_what_it_asked_for_and_what_it_did()
    {
        await using var broker = new TestBroker(Quiet, new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "right")] });
        var connected = broker.Clock.GetUtcNow();
        var client = await broker.ConnectAsync(Given.Client("c").UserName("u").Password("right").KeepAlive(60).Persistent(100).Will("w").Subscribed("a").Subscribed("b"));
        await broker.AdvanceAsync(5);
        await client.SendAsync(Given.Publish("a").Payload("12345"), Given.Publish("nobody"));
        await client.ExpectAsync(Given.Publish("a").Payload("12345"));

        var info = broker.Broker.Inspector.FindClient("c")!;
        Assert.Equal((true, "u", "test", "tcp"), (info.IsConnected, info.UserName, info.Listener, info.Transport));
        Assert.Equal((60, 100u, 2, "w"), (info.KeepAliveSeconds, info.SessionExpirySeconds, info.Subscriptions, info.WillTopic));
        Assert.Equal((connected, connected.AddSeconds(5)), (info.ConnectedAt, info.LastReceivedAt));
        Assert.Equal((2, 1), (info.Traffic!.Value.MessagesReceived, info.Traffic.Value.MessagesSent));
        // Two PUBLISH of 10 and 10 bytes in 5.0, with its CONNECT and SUBSCRIBE before them.
        Assert.InRange(info.Traffic.Value.BytesReceived, 20, 150);
        Assert.InRange(info.Traffic.Value.BytesSent, 11, 80);
        Assert.Null(broker.Broker.Inspector.FindClient("other"));
    }

    [Fact]
    public async Task Offline_client_is_described_with_what_waits_for_it()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(100).Subscribed("a", Qos.ExactlyOnce));
        await client.DisconnectAsync();
        await PublishAsync(broker, new BrokerMessage { Topic = "a", Payload = "first"u8.ToArray(), Qos = Qos.AtLeastOnce });
        await PublishAsync(broker, new BrokerMessage { Topic = "a", Payload = "second"u8.ToArray(), Qos = Qos.ExactlyOnce, ExpirySeconds = 30 });

        var info = broker.Broker.Inspector.FindClient("c")!;
        Assert.Equal((false, 2, broker.Clock.GetUtcNow().AddSeconds(100)), (info.IsConnected, info.QueuedMessages, info.ExpiresAt));
        Assert.Null(info.Address);
        Assert.Null(info.Traffic);

        var peek = broker.Broker.Inspector.PeekQueue("c", 10, 3)!;
        Assert.Equal((0, 2), (peek.Inflight.Count, peek.QueuedTotal));
        Assert.Equal(["fir", "sec"], peek.Queued.Select(message => System.Text.Encoding.UTF8.GetString(message.Payload.Span)));
        Assert.Equal((6, Qos.ExactlyOnce, broker.Clock.GetUtcNow().AddSeconds(30)), (peek.Queued[1].PayloadSize, peek.Queued[1].Qos, peek.Queued[1].ExpiresAt));
        Assert.Single(broker.Broker.Inspector.PeekQueue("c", 1, 3)!.Queued);
        Assert.Null(broker.Broker.Inspector.PeekQueue("other", 1, 1));
    }

    [Fact]
    public async Task Message_that_is_not_acknowledged_is_shown_in_flight()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, new BrokerMessage { Topic = "a", Payload = "x"u8.ToArray(), Qos = Qos.AtLeastOnce });
        var message = await client.ReadPacketAsync(PacketType.Publish);
        Assert.Equal(1, broker.Broker.Inspector.FindClient("c")!.Inflight);
        Assert.Equal("a", Assert.Single(broker.Broker.Inspector.PeekQueue("c", 10, 10)!.Inflight).TopicName);

        await client.SendAsync(Given.Puback(message.PacketId));
        Assert.Equal(0, broker.Broker.Inspector.FindClient("c")!.Inflight);
    }

    [Fact]
    public async Task List_is_filtered_sorted_and_parted()
    {
        await using var broker = new TestBroker(Quiet);
        for (var number = 0; number < 9; number++) await broker.ConnectAsync(Given.Client($"meter{number}"));

        var busy = await broker.ConnectAsync(Given.Client("Pump"));
        for (var number = 0; number < 3; number++) await busy.SendAsync(Given.Publish("a"));
        var gone = await broker.ConnectAsync(Given.Client("gone").Persistent());
        await gone.DisconnectAsync();

        AssertListed(broker, new ClientQuery { Text = "METER", Skip = 2, Max = 2 }, 9, "meter2", "meter3");
        AssertListed(broker, new ClientQuery { Text = "meter", IsDescending = true, Max = 1 }, 9, "meter8");
        AssertListed(broker, new ClientQuery { IsConnected = true, Sort = ClientSort.MessagesReceived, IsDescending = true, Max = 1 }, 10, "Pump");
        AssertListed(broker, new ClientQuery { IsConnected = false }, 1, "gone");
        AssertListed(broker, new ClientQuery { Listener = "other" }, 0);
        AssertListed(broker, new ClientQuery { Skip = 100 }, 11);
    }

    [Fact]
    public async Task Subscriptions_are_listed_of_one_and_of_all()
    {
        await using var broker = new TestBroker(Quiet);
        await broker.ConnectAsync(Given.Client("one").Subscribed("a/#", Qos.AtLeastOnce));
        await broker.ConnectAsync(Given.Client("two").Subscribed("$share/g/b"));

        Assert.Equal(("one", "a/#", Qos.AtLeastOnce), Assert.Single(broker.Broker.Inspector.ListSubscriptions("one")) is var only ? (only.ClientId, only.Filter, only.Qos) : default);
        Assert.Equal(["$share/g/b", "a/#"], broker.Broker.Inspector.ListSubscriptions().Select(subscription => subscription.Filter).Order(StringComparer.Ordinal));
        Assert.Empty(broker.Broker.Inspector.ListSubscriptions("three"));
    }

    [Fact]
    public async Task Client_is_disconnected_with_the_reason_and_keeps_its_session()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.True(broker.Broker.Inspector.Disconnect("c", "maintenance"));
        var packet = await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        Assert.Equal("maintenance", packet?.Text(Avocet.Protocol.Properties.PropertyId.ReasonString));
        await client.Connection;

        Assert.False(broker.Broker.Inspector.Disconnect("c", "again"));
        Assert.False(broker.Broker.Inspector.FindClient("c")!.IsConnected);
    }

    [Fact]
    public async Task Retained_messages_are_found_and_removed_by_filter()
    {
        await using var broker = new TestBroker(Quiet);
        var inspector = broker.Broker.Inspector;
        foreach (var topic in (string[])["home/a", "home/b", "garden"]) await PublishAsync(broker, new BrokerMessage { Topic = topic, Payload = "on"u8.ToArray(), Retain = true });

        Assert.Equal(["home/a", "home/b"], inspector.FindRetained("home/+", 10, 10).Select(message => message.TopicName).Order(StringComparer.Ordinal));
        Assert.Single(inspector.FindRetained("#", 1, 10));
        Assert.Equal(2, inspector.RemoveRetained("home/#"));
        Assert.Equal("garden", Assert.Single(inspector.FindRetained("#", 10, 10)).TopicName);
        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("#"));
        Assert.Equal("garden", Assert.Single(await late.ReceiveAsync(1)).TopicName);
        Assert.Throws<ArgumentException>(() => inspector.FindRetained("a#", 1, 1));
    }

    private static async Task PublishAsync(TestBroker broker, BrokerMessage message)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        Assert.Null((await broker.Broker.PublishAsync(message, deadline.Token)).Problem);
    }

    private static void AssertListed(TestBroker broker, ClientQuery query, int total, params string[] clientIds)
    {
        var page = broker.Broker.Inspector.ListClients(query);
        Assert.Equal(clientIds, page.Clients.Select(client => client.ClientId));
        Assert.Equal(total, page.Total);
    }
}
