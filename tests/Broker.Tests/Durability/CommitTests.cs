using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>Who waits for a commit, and who does not.</summary>
public sealed class CommitTests
{
    private readonly QueuedScheduler _commits = new();

    [Theory, BothVersions]
    [Spec("MQTT-4.6.0-2", "3.1.1 MQTT-4.6.0-2")]
    public async Task Acknowledgements_leave_after_the_commit_in_order(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));
        await writer.SendAsync(Given.Publish("kept").Qos1(1), Given.Publish("nobody").Qos1(2), Given.Publish("kept").Qos2(3), Given.Publish("kept").Qos1(4));
        await writer.ExpectNothingAsync();

        _commits.RunAll();

        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2, ReasonCode.NoMatchingSubscribers), Given.Pubrec(3), Given.Puback(4));
        _commits.RunsAtOnce = true;
    }

    [Theory, BothVersions]
    public async Task Message_that_nobody_keeps_waits_for_nothing(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var online = await broker.ConnectAsync(Given.Client("online").Subscribed("live", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version));

        await writer.SendAsync(Given.Publish("nobody").Qos1(1), Given.Publish("live").Qos2(2), Given.Publish("kept"));
        await writer.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers), Given.Pubrec(2));
        await online.ExpectAsync(Given.Publish("live").Qos2());
        Assert.False(_commits.TryRunOne());
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Retained_message_that_no_queue_takes_is_acknowledged_to_3_x_once_it_is_kept()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 0, QueueMessagesMax = 1, QueueOverflow = QueueOverflow.DropNew });
        var writer = await broker.ConnectAsync(Given.Client("writer").V311());
        await writer.SendAsync(Given.Publish("kept").Qos1(1));
        _commits.RunAll();
        await writer.ExpectAsync(Given.Puback(1));

        await writer.SendAsync(Given.Publish("kept").Payload("retained").Retain().Qos1(2));
        await writer.ExpectNothingAsync();
        _commits.RunAll();
        await writer.ExpectAsync(Given.Puback(2));
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task One_sync_serves_all_that_came_meanwhile()
    {
        await using var broker = await StartAsync();
        var writers = new List<TestPeer>();
        for (var i = 0; i < 10; i++) writers.Add(await broker.ConnectAsync(Given.Client($"writer{i}")));

        foreach (var writer in writers) await writer.SendAsync(Given.Publish("kept").Qos1(1), Given.Publish("kept").Qos1(2));
        broker.Store.Syncs.Clear();
        _commits.RunAll();

        foreach (var writer in writers) await writer.ExpectAsync(Given.Puback(1), Given.Puback(2));
        Assert.Equal([true], broker.Store.Syncs);
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Message_to_come_exactly_once_is_delivered_after_the_commit_and_others_at_once()
    {
        await using var broker = await StartAsync();
        var client = await ConnectAsync(broker, Given.Client("kept").Persistent());
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("kept").Payload("at least").Qos1(1), Given.Publish("kept").Payload("exactly").Qos2(2));
        await client.ExpectAsync(Given.Publish("kept").Payload("at least").Qos1());
        await client.ExpectNothingAsync();
        _commits.RunAll();
        await client.ExpectAsync(Given.Publish("kept").Payload("exactly").Qos2());
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Pubrel_pubcomp_suback_and_unsuback_wait_too()
    {
        await using var broker = await StartAsync();
        var client = await ConnectAsync(broker, Given.Client("kept").Persistent());
        await client.SendAsync(Given.Publish("kept").Qos2(1));
        _commits.RunAll();
        await client.ExpectAsync(Given.Pubrec(1));
        var message = await client.ExpectAsync(Given.Publish("kept").Qos2());

        await client.SendAsync(Given.Pubrec(message.PacketId), Given.Pubrel(1), Given.Subscribe(2).Filter("b"), Given.Unsubscribe(3).Filter("kept"));
        await client.ExpectNothingAsync();
        _commits.RunAll();

        await client.ExpectAsync(Given.Pubrel(message.PacketId), Given.Pubcomp(1), Given.Suback(2, ReasonCode.Success), Given.Unsuback(3, ReasonCode.Success));
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Clean_start_waits_until_the_former_session_has_ended_for_good()
    {
        await using var broker = await StartAsync();
        var client = await broker.Broker.OpenAsync(Given.Client("kept"));
        client.ExpectNoBytes();
        _commits.RunAll();
        Assert.False((await client.ReadPacketAsync(PacketType.Connack)).SessionPresent);
        _commits.RunsAtOnce = true;
    }

    [Theory]
    [InlineData("new")]
    [InlineData("kept")]
    public async Task Connack_of_a_durable_session_waits_until_a_crash_cannot_forget_it_and_all_else_behind_it(string clientId)
    {
        await using var broker = await StartAsync();
        var client = await broker.Broker.OpenAsync(Given.Client(clientId).Persistent());
        await client.SendAsync(Given.Pingreq());
        client.ExpectNoBytes();

        _commits.RunAll();

        Assert.Equal(clientId == "kept", (await client.ReadPacketAsync(PacketType.Connack)).SessionPresent);
        await client.ReadPacketAsync(PacketType.Pingresp);
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Connack_reaches_also_a_client_that_has_disconnected_meanwhile()
    {
        await using var broker = await StartAsync();
        var client = await broker.Broker.OpenAsync(Given.Client("new").Persistent());
        await client.SendAsync(Given.Disconnect());
        client.ExpectNoBytes();

        _commits.RunAll();

        await client.ReadPacketAsync(PacketType.Connack);
        await client.ExpectCloseAsync();
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task Connack_waits_for_nothing_where_nothing_has_to_survive()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 0, Durability = Broker.Durability.None });
        foreach (var client in new[] { Given.Client("new").Persistent(), Given.Client("kept").Persistent(), Given.Client("passing") })
        {
            await (await broker.Broker.OpenAsync(client)).ReadPacketAsync(PacketType.Connack);
        }

        _commits.RunAll();
        _commits.RunsAtOnce = true;
    }

    [Theory]
    [InlineData(Broker.Durability.Fsync, true, new[] { true })]
    [InlineData(Broker.Durability.Os, true, new[] { false })]
    [InlineData(Broker.Durability.None, false, new bool[0])]
    public async Task Durability_says_what_an_acknowledgement_waits_for(Broker.Durability durability, bool waits, bool[] syncs)
    {
        await using var broker = await StartAsync(new BrokerOptions
        {
            SysIntervalSeconds = 0,
            Durability = durability == Broker.Durability.Fsync ? Broker.Durability.Os : Broker.Durability.Fsync,
            TopicDurabilities = [new TopicDurability("kept/#", durability), new TopicDurability("#", Broker.Durability.Fsync)],
        });
        broker.Store.Syncs.Clear();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("kept").Qos1(1));
        if (waits) await writer.ExpectNothingAsync();
        _commits.RunAll();
        await writer.ExpectAsync(Given.Puback(1));
        Assert.Equal(syncs, broker.Store.Syncs);
        _commits.RunsAtOnce = true;
    }

    [Fact]
    public async Task What_nobody_waits_for_is_written_within_a_second()
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var i = 0; i < 100; i++) await writer.SendAsync(Given.Publish("r").Payload($"{i}").Retain());
        await writer.ExpectNothingAsync();
        Assert.False(_commits.TryRunOne());

        broker.Store.Syncs.Clear();
        await broker.Broker.AdvanceAsync(1.5);
        _commits.RunAll();

        Assert.Equal([false], broker.Store.Syncs);
        _commits.RunsAtOnce = true;
        await broker.CrashAsync();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("r"));
        await client.ExpectAsync(Given.Publish("r").Payload("99").Retain());
    }

    /// <summary>A broker with an offline session "kept" that subscribes to the topic of this name.</summary>
    private async Task<DurableBroker> StartAsync(BrokerOptions? options = null)
    {
        var broker = new DurableBroker(options, _commits);
        var client = await ConnectAsync(broker, Given.Client("kept").Persistent().Subscribed("kept", Qos.ExactlyOnce));
        await client.DisconnectAsync();
        _commits.RunAll();
        return broker;
    }

    private async Task<TestPeer> ConnectAsync(DurableBroker broker, ClientBuilder client)
    {
        var connecting = broker.ConnectAsync(client);
        while (!connecting.IsCompleted)
        {
            _commits.RunAll();
            await Task.Yield();
        }

        return await connecting;
    }
}
