using System.IO.Pipelines;
using Avocet.Broker.Publishing;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>What the operator publishes is done when it is kept.</summary>
public sealed class ServerPublishTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Publish_by_the_operator_is_done_once_it_is_kept()
    {
        var store = new TestStore(new MemoryStore());
        await using var broker = new TestBroker(services: new BrokerServices { Store = store, StoreScheduler = PipeScheduler.Inline });
        var reader = await broker.ConnectAsync(Given.Client("reader").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await reader.DisconnectAsync();
        var commits = store.Syncs.Count;

        var outcome = await broker.Broker.PublishAsync(new BrokerMessage { Topic = "a", Payload = new byte[] { 1 }, Qos = Qos.AtLeastOnce }, TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Assert.Equal(new PublishOutcome(null, false, 1, 0), outcome);
        Assert.True(store.Syncs.Count > commits, "It was done before it was kept.");
        Assert.True(store.Syncs[^1], "It was kept without a sync.");
    }

    [Fact]
    public async Task Publish_by_the_operator_that_cannot_be_kept_says_so()
    {
        var store = new TestStore(new MemoryStore());
        await using var broker = new TestBroker(services: new BrokerServices { Store = store, StoreScheduler = PipeScheduler.Inline }) { AllowsErrors = true };
        store.Failure = new StoreException(StoreFault.Full, "the disk is full");
        var message = new BrokerMessage { Topic = "a", Payload = new byte[] { 1 }, Qos = Qos.AtLeastOnce, Retain = true };

        var first = await broker.Broker.PublishAsync(message, TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        var second = await broker.Broker.PublishAsync(message, TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Assert.All([first, second], outcome => Assert.Contains("the disk is full", outcome.Problem, StringComparison.Ordinal));
        Assert.All([first, second], outcome => Assert.False(outcome.IsInvalid));

        // What else waits is written before the end.
        store.Failure = null;
        await broker.AdvanceAsync(2);
    }

    [Fact]
    public async Task Figures_are_those_of_the_sys_topics()
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtMostOnce));
        await reader.SendAsync(Given.Publish("a").Payload("123"));
        await reader.ExpectAsync(Given.Publish("a").Payload("123"));

        var figures = broker.Broker.GetFigures();

        Assert.Equal((1, 1, 1, 1), (figures.Connections, figures.Sessions, figures.SessionsConnected, figures.Subscriptions));
        Assert.Equal((1, 1, 3, 3), (figures.MessagesReceived, figures.MessagesSent, figures.PayloadBytesReceived, figures.PayloadBytesSent));
        Assert.Equal(new Avocet.Broker.Monitoring.PacketFigures(PacketType.Connect, 1, 0), figures.Packets[0]);
        Assert.Equal(0, figures.Drops.Total);
    }
}
