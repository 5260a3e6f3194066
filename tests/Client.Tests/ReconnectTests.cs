using System.Globalization;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Client.Tests;

public sealed class ReconnectTests
{
    [Fact]
    public async Task Connection_that_is_cut_comes_back_with_its_session()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");
        await using var subscription = await client.OpenSubscriptionAsync("a", new SubscribeOptions { Qos = Qos.AtLeastOnce });

        var waiting = client.ForAsync(ConnectionState.Waiting);
        await broker.CutAsync();
        await waiting;
        var change = await client.ForAsync(ConnectionState.Connected);
        await client.PublishAsync("a", "again", Qos.AtLeastOnce);

        Assert.True(change.IsSessionResumed);
        Assert.Equal("again", Assert.Single(await subscription.ReadAllAsync().TakeAsync(1)).Text);
    }

    [Fact]
    public async Task Messages_published_while_the_broker_is_away_are_sent_later()
    {
        await using var broker = new BrokerHost();
        await using var reader = await broker.ConnectAsync("reader", o => o.SessionExpiry = TimeSpan.Zero);
        await using var writer = await broker.ConnectAsync("writer");
        await using var subscription = await reader.OpenSubscriptionAsync("a", new SubscribeOptions { Qos = Qos.ExactlyOnce });

        broker.IsAway = true;
        var waiting = writer.ForAsync(ConnectionState.Waiting);
        await broker.CutAsync();
        await waiting;
        var publishing = Enumerable.Range(0, 100).Select(i => writer.PublishAsync("a", i.ToString(CultureInfo.InvariantCulture), (Qos)(i % 3)).AsTask()).ToList();
        var back = reader.ForAsync(ConnectionState.Connected);
        broker.IsAway = false;
        await back;
        await Task.WhenAll(publishing).WaitAsync(Wait.Deadline);

        // The reader's own session is gone with its connection: what came before it subscribed again is not its own.
        await writer.PublishAsync("a", "last", Qos.AtLeastOnce);
        var messages = await subscription.ReadAllAsync().TakeAsync(1);
        Assert.NotEmpty(messages);
    }

    [Fact]
    public async Task Messages_at_qos_2_come_exactly_once_while_connections_break()
    {
        const int Count = 2000;
        await using var broker = new BrokerHost();
        await using var reader = await broker.ConnectAsync("reader");
        await using var writer = await broker.ConnectAsync("writer");
        await using var subscription = await reader.OpenSubscriptionAsync("a", new SubscribeOptions { Qos = Qos.ExactlyOnce });
        using var stop = new CancellationTokenSource();

        var cutting = CutAsync(broker, stop.Token);
        var publishing = Task.WhenAll(Enumerable.Range(0, Count).Select(i => writer.PublishAsync("a", i.ToString(CultureInfo.InvariantCulture), Qos.ExactlyOnce).AsTask()));
        var messages = await subscription.ReadAllAsync().TakeAsync(Count);
        await stop.CancelAsync();
        await cutting;
        await publishing.WaitAsync(Wait.Deadline);

        Assert.Equal(Enumerable.Range(0, Count), messages.Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture)));
    }

    // Each time both have come back.
    private static async Task CutAsync(BrokerHost broker, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 30 && !cancellationToken.IsCancellationRequested; i++)
        {
            await broker.WhenConnectedAsync(2);
            await broker.CutAsync();
        }
    }
}
