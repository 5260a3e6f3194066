using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Monitoring.Topics;
using Avocet.Broker.Publishing;
using Avocet.Broker.Tests.Durability;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>What is known of topics, and who has fallen silent.</summary>
public sealed class TopicStatisticsTests
{
    private static readonly BrokerOptions Quiet = new() { SysIntervalSeconds = 0 };

    [Fact]
    public async Task Topic_is_counted_with_its_rate_size_and_publishers()
    {
        await using var broker = new TestBroker(Quiet);
        var one = await broker.ConnectAsync(Given.Client("one"));
        var other = await broker.ConnectAsync(Given.Client("other"));
        for (var second = 0; second < 60; second++)
        {
            await one.SendAsync(Given.Publish("home/a").Payload("12345"), Given.Publish("home/a").Payload("123"));
            await broker.AdvanceAsync(1);
        }

        await other.SendAsync(Given.Publish("home/a").Payload("1"));
        var at = broker.Clock.GetUtcNow();
        await broker.AdvanceAsync(1);

        var topic = broker.Broker.Topics.Find("home/a")!;
        Assert.Equal((121, 60 * (11 + 9) + 7), (topic.Messages, topic.Bytes));
        Assert.InRange(topic.MessagesPerSecond, 1.7, 2.1);
        Assert.Equal((1, at), (topic.LastBytes, topic.LastAt));
        Assert.Equal(["one", "other"], topic.Publishers);
        Assert.InRange(topic.UsualInterval!.Value.TotalSeconds, 0.9, 1.1);
        Assert.False(topic.IsRetained);
        Assert.Null(topic.SilentSince);
        Assert.Null(broker.Broker.Topics.Find("home"));
        await broker.AdvanceAsync(60);
        Assert.InRange(broker.Broker.Topics.Find("home/a")!.MessagesPerSecond, 0, 0.01);
    }

    [Fact]
    public async Task Topic_and_client_that_are_forgotten_never_seem_silent_and_are_known_again_when_they_come_back()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("gone"));
        for (var second = 0; second < 10; second++)
        {
            await client.SendAsync(Given.Publish("gone/a").Payload("1"), Given.Publish("stays").Payload("1"));
            await broker.AdvanceAsync(1);
        }

        await client.SendAsync(Given.Publish("gone/a").Payload("1"));
        await client.ExpectNothingAsync();
        broker.Broker.Topics.Forget(topic => topic.StartsWith("gone/", StringComparison.Ordinal), id => id == "gone");
        await broker.AdvanceAsync(60);

        Assert.Equal(["stays"], broker.Broker.Topics.List().Select(topic => topic.Topic));
        Assert.Equal(["stays"], broker.Broker.Topics.ListSilent().Select(one => one.Name));
        await client.SendAsync(Given.Publish("gone/a").Payload("1"));
        await broker.AdvanceAsync(1);
        Assert.Equal(1, broker.Broker.Topics.Find("gone/a")!.Messages);
    }

    [Fact]
    public async Task Publisher_that_goes_round_many_topics_is_counted_by_samples()
    {
        const int Sampled = 10;
        await using var broker = new TestBroker(Quiet);
        var gateway = await broker.ConnectAsync(Given.Client("gateway"));
        var exact = Enumerable.Range(0, TallyBudget.ExactMax).Select(number => $"exact/{number}").ToList();
        // Each topic comes once, so that every message opens a tally or is left out.
        var more = Enumerable.Range(0, Sampled * TallyBudget.Weight).Select(number => $"more/{number}").ToList();
        foreach (var topic in exact.Concat(more)) await gateway.SendAsync(Given.Publish(topic).Payload("1"));
        await broker.AdvanceAsync(1);

        var topics = broker.Broker.Topics.List().ToLookup(topic => topic.Topic[..4], topic => topic.Messages);
        Assert.Equal(TallyBudget.ExactMax, topics["exac"].Count());
        Assert.All(topics["exac"], messages => Assert.Equal(1, messages));
        Assert.Equal(Enumerable.Repeat((long)TallyBudget.Weight, Sampled), topics["more"]);

        // A second later there is a budget again.
        await gateway.SendAsync(Given.Publish("more/0").Payload("1"));
        await broker.AdvanceAsync(1);
        Assert.Equal(1, broker.Broker.Topics.Find("more/0")!.Messages);
    }

    [Fact]
    public async Task Tree_of_topics_is_listed_level_by_level()
    {
        await using var broker = new TestBroker(Quiet);
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("home/a/x"), Given.Publish("home/a/y"), Given.Publish("home/a"), Given.Publish("garden").Payload("1").Retain(), Given.Publish("/odd"), Given.Publish("homely"));
        await broker.AdvanceAsync(1);

        var root = broker.Broker.Topics.ListLevels(null).OrderBy(level => level.Level, StringComparer.Ordinal).ToList();
        Assert.Equal(["", "garden", "home", "homely"], root.Select(level => level.Level));
        Assert.Equal((true, false, 1, true, 1), (root[1].IsTopic, root[1].HasChildren, root[1].Topics, root[1].IsRetained, root[1].LastBytes));
        Assert.Equal((false, true, 3, 3), (root[2].IsTopic, root[2].HasChildren, root[2].Topics, root[2].Messages));
        var home = Assert.Single(broker.Broker.Topics.ListLevels("home"));
        Assert.Equal(("a", "home/a", true, true, 3), (home.Level, home.Topic, home.IsTopic, home.HasChildren, home.Topics));
        Assert.Equal("/odd", Assert.Single(broker.Broker.Topics.ListLevels("")).Topic);
        Assert.Equal(["home/a", "home/a/x", "home/a/y", "homely"], broker.Broker.Topics.List("OME").Select(topic => topic.Topic).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Topics_that_were_not_seen_for_the_longest_make_room()
    {
        await using var broker = new TestBroker(Quiet with { TopicStatisticsMax = 3 });
        var client = await broker.ConnectAsync(Given.Client("c"));
        foreach (var topic in (string[])["a", "b", "c", "a", "d"])
        {
            await client.SendAsync(Given.Publish(topic));
            await broker.AdvanceAsync(1);
        }

        Assert.Equal(["a", "c", "d"], broker.Broker.Topics.List().Select(topic => topic.Topic).Order(StringComparer.Ordinal));
        Assert.Equal(2, broker.Broker.Topics.Find("a")!.Messages);
    }

    [Fact]
    public async Task Nothing_is_counted_where_that_is_turned_off()
    {
        await using var broker = new TestBroker(Quiet with { TopicStatisticsMax = 0 });
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a"));
        await broker.AdvanceAsync(2);

        Assert.False(broker.Broker.Topics.IsOn);
        Assert.Empty(broker.Broker.Topics.List());
    }

    [Fact]
    public async Task What_the_broker_says_of_itself_is_no_topic_and_what_it_publishes_for_others_is()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 1 });
        var dying = await broker.ConnectAsync(Given.Client("dying").Will("wills/dying"));
        await dying.CloseAsync();
        await broker.Broker.PublishAsync(new BrokerMessage { Topic = "served", Payload = "1"u8.ToArray() }, CancellationToken.None);
        await broker.AdvanceAsync(3);

        Assert.Equal(["served", "wills/dying"], broker.Broker.Topics.List().Select(topic => topic.Topic).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Topics_that_are_retained_from_before_the_start_are_known()
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a/b").Payload("on").Retain().Qos1(1));
        await client.ReadPacketAsync(PacketType.Puback);
        await broker.RestartAsync();

        var topic = broker.Broker.Broker.Topics.Find("a/b")!;
        Assert.Equal((0L, true, null), (topic.Messages, topic.IsRetained, topic.LastAt));
    }

    [Fact]
    public async Task Topic_and_client_that_stop_are_silent_until_they_are_heard_again()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 1 });
        var sensor = await broker.ConnectAsync(Given.Client("sensor"));
        await PublishAsync(broker, sensor, "t", times: 5, everySeconds: 20);
        var last = broker.Clock.GetUtcNow().AddSeconds(-20);

        await broker.AdvanceAsync(38);
        Assert.Empty(broker.Broker.Topics.ListSilent());
        await broker.AdvanceAsync(4);

        var silent = broker.Broker.Topics.ListSilent();
        Assert.Equal([(false, "t"), (true, "sensor")], silent.Select(one => (one.IsClient, one.Name)));
        Assert.All(silent, one => Assert.Equal((last, TimeSpan.FromSeconds(20)), (one.LastAt, one.UsualInterval)));
        Assert.Equal(2, broker.Broker.Topics.SilentCount);
        var told = broker.Broker.Events.Read().Where(one => one.Kind is BrokerEventKind.TopicSilent or BrokerEventKind.ClientSilent).ToList();
        Assert.Equal([("t", "sensor"), (null, "sensor")], told.Select(one => (one.Topic, one.ClientId)));
        Assert.StartsWith("nothing was published for 6", told[0].Detail, StringComparison.Ordinal);
        Assert.EndsWith("usually it is every 20 s", told[0].Detail, StringComparison.Ordinal);
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("$SYS/broker/silent/count"));
        await broker.AdvanceAsync(2);
        await reader.ExpectAsync(Given.Publish("$SYS/broker/silent/count").Payload("2").Retain());

        await sensor.SendAsync(Given.Publish("t"));
        await broker.AdvanceAsync(1);
        Assert.Empty(broker.Broker.Topics.ListSilent());
        Assert.Equal(
            [BrokerEventKind.TopicResumed, BrokerEventKind.ClientResumed],
            broker.Broker.Events.Read().Where(one => one.Kind is BrokerEventKind.TopicResumed or BrokerEventKind.ClientResumed).Select(one => one.Kind));
    }

    [Theory]
    [InlineData(4, 1, 200)]
    [InlineData(10, 1, 8)]
    public async Task Who_was_heard_too_rarely_or_is_quiet_too_shortly_is_not_silent(int times, double everySeconds, double quietSeconds)
    {
        await using var broker = new TestBroker(Quiet);
        var sensor = await broker.ConnectAsync(Given.Client("sensor"));
        await PublishAsync(broker, sensor, "t", times, everySeconds);

        await broker.AdvanceAsync(quietSeconds);

        Assert.Empty(broker.Broker.Topics.ListSilent());
    }

    [Fact]
    public async Task Device_that_sends_several_messages_at_once_each_minute_is_not_silent_between()
    {
        await using var broker = new TestBroker(Quiet);
        var sensor = await broker.ConnectAsync(Given.Client("sensor"));
        for (var minute = 0; minute < 8; minute++)
        {
            for (var i = 0; i < 10; i++) await sensor.SendAsync(Given.Publish("t"));

            await broker.AdvanceAsync(60);
        }

        Assert.DoesNotContain(broker.Broker.Events.Read(), one => one.Kind == BrokerEventKind.TopicSilent);
        Assert.Equal(60, broker.Broker.Topics.Find("t")!.UsualInterval!.Value.TotalSeconds, 1.0);
    }

    [Fact]
    public async Task Device_that_comes_more_rarely_than_before_is_soon_usual()
    {
        await using var broker = new TestBroker(Quiet);
        var sensor = await broker.ConnectAsync(Given.Client("sensor"));
        await PublishAsync(broker, sensor, "t", times: 10, everySeconds: 10);

        await PublishAsync(broker, sensor, "t", times: 12, everySeconds: 120);

        Assert.InRange(broker.Broker.Events.Read().Count(one => one.Kind == BrokerEventKind.TopicSilent), 1, 4);
    }

    /// <summary>Publishes at once, and after each message lets the time pass.</summary>
    private static async Task PublishAsync(TestBroker broker, TestPeer sensor, string topic, int times, double everySeconds)
    {
        for (var i = 0; i < times; i++)
        {
            await sensor.SendAsync(Given.Publish(topic));
            await broker.AdvanceAsync(everySeconds);
        }
    }
}
