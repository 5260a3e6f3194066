using Avocet.Broker.Monitoring.Bandwidth;
using Avocet.Broker.Tests.Durability;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>What went over the wire today and this month.</summary>
public sealed class BandwidthTests
{
    [Fact]
    public async Task Bytes_are_told_in_total_by_client_and_by_the_first_level_of_topics()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("home/#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 10; i++) await writer.SendAsync(Given.Publish("home/a").Payload("12345"), Given.Publish("garden/b"));
        await reader.ReceiveAsync(10);
        await broker.AdvanceAsync(1);

        var (total, _) = broker.Broker.GetBandwidth(BandwidthPeriod.Today);
        var clients = broker.Broker.GetBandwidth(BandwidthKind.Client, BandwidthPeriod.Today);
        var topics = broker.Broker.GetBandwidth(BandwidthKind.Topic, BandwidthPeriod.Today);

        Assert.Equal((20, 10), (total.MessagesIn, total.MessagesOut));
        Assert.Equal(["writer", "reader"], clients.Select(client => client.Name));
        Assert.Equal((20, 0), (clients[0].Figures.MessagesIn, clients[0].Figures.MessagesOut));
        Assert.Equal(total, clients[0].Figures + clients[1].Figures);
        Assert.Equal([("home", 10L * 11, 10L * 11, 10L, 10L), ("garden", 10L * 8, 0L, 10L, 0L)], topics.Select(topic => (topic.Name!, topic.Figures.BytesIn, topic.Figures.BytesOut, topic.Figures.MessagesIn, topic.Figures.MessagesOut)));
        Assert.Equal(clients, broker.Broker.GetBandwidth(BandwidthKind.Client, BandwidthPeriod.Month));
    }

    [Fact]
    public async Task Client_that_connects_again_goes_on_where_it_was()
    {
        await using var broker = new TestBroker();
        for (var i = 0; i < 3; i++)
        {
            var client = await broker.ConnectAsync(Given.Client("c"));
            await client.SendAsync(Given.Publish("a"), Given.Publish("a"));
            await client.DisconnectAsync();
            await client.Connection;
        }

        Assert.Equal(6, Assert.Single(broker.Broker.GetBandwidth(BandwidthKind.Client, BandwidthPeriod.Today)).Figures.MessagesIn);
    }

    [Fact]
    public async Task Another_day_begins_at_nothing_and_another_month_too()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").KeepAlive(0));
        await client.SendAsync(Given.Publish("a"));
        await broker.AdvanceAsync(1);

        // The clock of tests begins on the first of January.
        Jump(broker, TimeSpan.FromHours(25));
        await client.SendAsync(Given.Publish("a"), Given.Publish("a"));
        await broker.AdvanceAsync(1);
        Assert.Equal((2, 3), (MessagesOf(broker, BandwidthPeriod.Today), MessagesOf(broker, BandwidthPeriod.Month)));

        Jump(broker, TimeSpan.FromDays(31));
        await client.SendAsync(Given.Publish("a"));
        await broker.AdvanceAsync(1);
        Assert.Equal((1, 1), (MessagesOf(broker, BandwidthPeriod.Today), MessagesOf(broker, BandwidthPeriod.Month)));
        Assert.Equal(1, broker.Broker.GetBandwidth(BandwidthKind.Topic, BandwidthPeriod.Month)[0].Figures.MessagesIn);
    }

    [Fact]
    public async Task Figures_survive_a_restart_and_nearly_all_a_crash()
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a/b"));
        await broker.Broker.AdvanceAsync(1);
        await broker.RestartAsync();
        Assert.Equal(1, broker.Broker.Broker.GetBandwidth(BandwidthPeriod.Today).Figures.MessagesIn);
        Assert.Equal("c", broker.Broker.Broker.GetBandwidth(BandwidthKind.Client, BandwidthPeriod.Month)[0].Name);
        Assert.Equal("a", broker.Broker.Broker.GetBandwidth(BandwidthKind.Topic, BandwidthPeriod.Today)[0].Name);

        client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a/b"));
        await broker.Broker.AdvanceAsync(65);
        await broker.CrashAsync();
        Assert.Equal(2, broker.Broker.Broker.GetBandwidth(BandwidthPeriod.Today).Figures.MessagesIn);
    }

    [Fact]
    public async Task Clients_without_an_entry_are_counted_together()
    {
        await using var broker = new TestBroker();
        for (var i = 0; i < 1010; i++)
        {
            var client = await broker.ConnectAsync(Given.Client($"c{i:0000}"));
            await client.SendAsync(Given.Publish("a"));
            await client.DisconnectAsync();
            await client.Connection;
        }

        var heavy = await broker.ConnectAsync(Given.Client("heavy"));
        await heavy.SendAsync(Given.Publish("a").Payload(new string('x', 1000)));

        var clients = broker.Broker.GetBandwidth(BandwidthKind.Client, BandwidthPeriod.Today);
        Assert.Equal(1001, clients.Count);
        Assert.Equal(("heavy", null), (clients[0].Name, clients[^1].Name));
        Assert.Equal(1011, clients.Sum(client => client.Figures.MessagesIn));
        Assert.Equal(11, clients[^1].Figures.MessagesIn);
    }

    [Fact]
    public async Task Aliases_towards_a_client_tell_what_they_saved()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").TopicAliasMaximum(10).Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 10; i++) await writer.SendAsync(Given.Publish("a/long/topic"));
        await reader.ReceiveAsync(10);
        await reader.DisconnectAsync();
        await reader.Connection;

        // The first comes without an alias, the second sets one, and the other eight do without the topic's 12 bytes.
        Assert.Equal((8 * 9) - 3, broker.Broker.GetBandwidth(BandwidthPeriod.Today).AliasSavedBytes);
    }

    private static long MessagesOf(TestBroker broker, BandwidthPeriod period)
    {
        var total = broker.Broker.GetBandwidth(period).Figures.MessagesIn;
        Assert.Equal(total, Assert.Single(broker.Broker.GetBandwidth(BandwidthKind.Client, period)).Figures.MessagesIn);
        return total;
    }

    private static void Jump(TestBroker broker, TimeSpan time) => broker.Clock.Advance(time);
}
