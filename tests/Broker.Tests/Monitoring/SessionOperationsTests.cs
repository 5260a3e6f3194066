using Avocet.Broker.Inspection;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Tests.Durability;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>What an operator may do to sessions.</summary>
public sealed class SessionOperationsTests
{
    [Fact]
    public async Task Session_of_an_offline_client_ends_with_its_queue()
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, 3);

        Assert.True(await InspectorOf(broker).EndSessionAsync("c", "ended by the operator", CancellationToken.None));

        Assert.Null(InspectorOf(broker).FindClient("c"));
        Assert.False(await InspectorOf(broker).EndSessionAsync("c", "ended by the operator", CancellationToken.None));
        var told = Assert.Single(broker.Broker.Broker.Events.Read(), one => one.Kind == BrokerEventKind.SessionEnded);
        Assert.StartsWith("ended by the operator; 3 queued messages", told.Detail, StringComparison.Ordinal);
        await broker.SettleAsync();
        await broker.CrashAsync();
        Assert.Null(InspectorOf(broker).FindClient("c"));
    }

    [Fact]
    public async Task Session_of_a_connected_client_ends_with_its_connection()
    {
        await using var broker = new DurableBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));

        Assert.True(await InspectorOf(broker).EndSessionAsync("c", "ended by the operator", CancellationToken.None));

        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        Assert.Null(InspectorOf(broker).FindClient("c"));
        Assert.Empty(InspectorOf(broker).ListSubscriptions());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1500)]
    public async Task Queue_that_is_cleared_is_gone_also_from_the_store(int count)
    {
        await using var broker = new DurableBroker();
        await broker.LeaveAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce));
        await PublishAsync(broker, count);

        Assert.Equal(count, await InspectorOf(broker).ClearQueueAsync("c", CancellationToken.None));

        Assert.Equal(0, InspectorOf(broker).FindClient("c")!.QueuedMessages);
        await broker.SettleAsync();
        await broker.CrashAsync();
        await PublishAsync(broker, 1);
        var client = await broker.ConnectAsync(Given.Client("c").Persistent());
        Assert.Equal("1", (await client.ReceiveAsync(1))[0].PayloadText);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Queue_of_nobody_is_not_cleared()
    {
        await using var broker = new DurableBroker();

        Assert.Null(await InspectorOf(broker).ClearQueueAsync("nobody", CancellationToken.None));
    }

    private static BrokerInspector InspectorOf(DurableBroker broker) => broker.Broker.Broker.Inspector;

    private static async Task PublishAsync(DurableBroker broker, int count)
    {
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 1; i <= count; i++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(i.ToString()).Qos1((ushort)i));
            await writer.ReadPacketAsync(PacketType.Puback);
        }

        await writer.DisconnectAsync();
        await writer.Connection;
    }
}
