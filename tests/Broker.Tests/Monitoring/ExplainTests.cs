using Avocet.Broker.Inspection;
using Avocet.Broker.Monitoring.Events;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>Why a message would arrive or not: each answer is compared with what happens to a real message then.</summary>
public sealed class ExplainTests
{
    private static readonly BrokerOptions Quiet = new() { SysIntervalSeconds = 0 };

    [Fact]
    public async Task Connected_subscriber_gets_it_at_the_lower_qos()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("home/+", Qos.AtLeastOnce));
        await broker.ConnectAsync(Given.Client("writer"));

        var receiver = Assert.Single(broker.Broker.Explain(new ExplainRequest("home/door") { Qos = Qos.ExactlyOnce, PublisherId = "writer" }).Receivers);
        Assert.Equal(("c", ReceiverOutcome.Sent, Qos.AtLeastOnce, true), (receiver.ClientId, receiver.Outcome, receiver.Qos, receiver.IsConnected));
        Assert.Equal(["home/+"], receiver.Filters);
        Assert.Contains("QoS 1 instead of 2", receiver.Detail);
        client.ExpectNoBytes();
    }

    [Theory]
    [InlineData(Qos.AtMostOnce, ReceiverOutcome.OfflineAtMostOnce, 0)]
    [InlineData(Qos.AtLeastOnce, ReceiverOutcome.Queued, 1)]
    public async Task Offline_subscriber_gets_it_later_or_not(Qos qos, ReceiverOutcome expected, int arrives)
    {
        await using var broker = new TestBroker(Quiet);
        await LeaveAsync(broker, Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));

        var receiver = Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { Qos = qos }).Receivers);
        Assert.Equal((expected, false), (receiver.Outcome, receiver.IsConnected));

        await PublishAsync(broker, "a", qos);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.Equal(arrives, (await client.ReadToPingrespAsync()).Count(packet => packet.Type == PacketType.Publish));
    }

    [Theory]
    [InlineData(QueueOverflow.DropNew, ReceiverOutcome.QueueFull, "1")]
    [InlineData(QueueOverflow.DropOldest, ReceiverOutcome.Queued, "2")]
    public async Task Full_queue_is_named_with_what_was_dropped_lately(QueueOverflow overflow, ReceiverOutcome expected, string kept)
    {
        await using var broker = new TestBroker(Quiet with { QueueMessagesMax = 1, QueueOverflow = overflow });
        await LeaveAsync(broker, Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, "a", Qos.AtLeastOnce, "1");

        var receiver = Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { Qos = Qos.AtLeastOnce }).Receivers);
        Assert.Equal((expected, 1), (receiver.Outcome, receiver.QueuedMessages));
        Assert.Contains("queue is full", receiver.Detail);

        await PublishAsync(broker, "a", Qos.AtLeastOnce, "2");
        Assert.Contains(broker.Broker.Explain(new ExplainRequest("a")).Events, one => one is { Kind: BrokerEventKind.QueueFull, ClientId: "c" });
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.Equal(kept, Assert.Single(await client.ReceiveAsync(1)).PayloadText);
    }

    [Fact]
    public async Task Own_message_is_kept_away_by_no_local()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("a", noLocal: true));
        await client.ReadPacketAsync(PacketType.Suback);

        Assert.Equal(ReceiverOutcome.NoLocal, Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { PublisherId = "c" }).Receivers).Outcome);
        Assert.Equal(ReceiverOutcome.Sent, Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { PublisherId = "other" }).Receivers).Outcome);
    }

    [Fact]
    public async Task Rules_that_decide_are_named()
    {
        await using var broker = new TestBroker(Quiet, new BrokerServices { Authorizers = [new SecretAuthorizer { MaySubscribeAll = true }] });
        await broker.ConnectAsync(Given.Client("all").Subscribed("#"));
        await broker.ConnectAsync(Given.Client("writer"));

        var explanation = broker.Broker.Explain(new ExplainRequest("secret/1") { PublisherId = "writer" });
        Assert.Equal((false, "rules:7 deny Publish"), (explanation.MayPublish, explanation.PublishRule));
        var receiver = Assert.Single(explanation.Receivers);
        Assert.Equal((ReceiverOutcome.Denied, "rules:7 deny Receive"), (receiver.Outcome, receiver.Rule));
        Assert.True(broker.Broker.Explain(new ExplainRequest("open") { PublisherId = "writer" }).MayPublish);
    }

    [Fact]
    public async Task Members_of_a_shared_subscription_take_turns()
    {
        await using var broker = new TestBroker(Quiet);
        await broker.ConnectAsync(Given.Client("one").Subscribed("$share/g/a"));
        await broker.ConnectAsync(Given.Client("two").Subscribed("$share/g/a"));
        await LeaveAsync(broker, Given.Client("gone").Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce));

        var receivers = broker.Broker.Explain(new ExplainRequest("a") { Qos = Qos.AtLeastOnce }).Receivers.ToDictionary(receiver => receiver.ClientId);
        Assert.Equal(3, receivers.Count);
        Assert.Equal(ReceiverOutcome.AnotherMember, receivers["gone"].Outcome);
        Assert.All(["one", "two"], id => Assert.Contains("one of 2 members", receivers[id].Detail));
    }

    [Theory]
    [InlineData("Home/door", "upper and lower case")]
    [InlineData("/home/door", "slash")]
    [InlineData("home", "below it")]
    [InlineData("garden/#", "none of its subscriptions matches")]
    public async Task Filter_that_nearly_matches_is_pointed_out(string filter, string hint)
    {
        await using var broker = new TestBroker(Quiet);
        await broker.ConnectAsync(Given.Client("c").Subscribed(filter));

        var receiver = Assert.Single(broker.Broker.Explain(new ExplainRequest("home/door") { SubscriberId = "c" }).Receivers);
        Assert.Equal(ReceiverOutcome.NotSubscribed, receiver.Outcome);
        Assert.Contains(hint, receiver.Detail);
    }

    [Fact]
    public async Task Wildcard_does_not_match_what_begins_with_a_dollar_sign()
    {
        await using var broker = new TestBroker(Quiet);
        await broker.ConnectAsync(Given.Client("c").Subscribed("#"));
        Assert.Contains("MQTT-4.7.2-1", Assert.Single(broker.Broker.Explain(new ExplainRequest("$SYS/broker/uptime") { SubscriberId = "c" }).Receivers).Detail);
    }

    [Fact]
    public async Task Client_without_session_is_told_with_the_latest_of_it()
    {
        await using var broker = new TestBroker(Quiet);
        await LeaveAsync(broker, Given.Client("c").Persistent(10).Subscribed("a", Qos.AtLeastOnce));
        await broker.AdvanceAsync(11);

        var gone = Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { SubscriberId = "c" }).Receivers);
        Assert.Equal(ReceiverOutcome.NoSession, gone.Outcome);
        Assert.Contains("Session Expiry Interval", gone.Detail);
        Assert.Contains("is the client identifier right?", Assert.Single(broker.Broker.Explain(new ExplainRequest("a") { SubscriberId = "never" }).Receivers).Detail);
    }

    [Theory]
    [InlineData("", Qos.AtMostOnce, "Topic Name is not valid")]
    [InlineData("a/#", Qos.AtMostOnce, "Topic Name is not valid")]
    [InlineData("a/b/c/d", Qos.AtMostOnce, "more than 3 levels")]
    [InlineData("a", Qos.ExactlyOnce, "QoS 2 is not offered")]
    public async Task What_cannot_be_published_is_told_first(string topicName, Qos qos, string problem)
    {
        await using var broker = new TestBroker(Quiet with { TopicLevelsMax = 3, MaximumQos = Qos.AtLeastOnce });
        Assert.Contains(problem, broker.Broker.Explain(new ExplainRequest(topicName) { Qos = qos }).Problem);
    }

    [Fact]
    public async Task Very_many_receivers_are_counted_and_not_all_listed()
    {
        await using var broker = new TestBroker(Quiet);
        for (var number = 0; number < 5; number++) await broker.ConnectAsync(Given.Client($"c{number}").Subscribed("a"));

        var explanation = broker.Broker.Explain(new ExplainRequest("a") { ReceiversMax = 2 });
        Assert.Equal((2, 5), (explanation.Receivers.Count, explanation.ReceiverCount));
    }

    private static async Task LeaveAsync(TestBroker broker, TestKit.Packets.ClientBuilder client)
    {
        var peer = await broker.ConnectAsync(client);
        await peer.DisconnectAsync();
    }

    private static async Task PublishAsync(TestBroker broker, string topicName, Qos qos, string payload = "x")
    {
        var writer = await broker.ConnectAsync(Given.Client("publisher"));
        await writer.SendAsync(Given.Publish(topicName).Payload(payload).WithQos(qos, 1));
        await writer.DisconnectAsync();
        await writer.Connection;
    }
}
