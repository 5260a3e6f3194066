using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>A disk that is full or broken.</summary>
public sealed class StoreFailureTests
{
    private static readonly StoreException Full = new(StoreFault.Full, "No space is left in test.");

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Publisher_of_5_0_is_told_and_the_message_is_not_delivered(Qos qos)
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer").Persistent());
        broker.Store.Failure = Full;

        // The first meets the failure in its commit, the second before it is routed.
        for (ushort id = 1; id <= 2; id++)
        {
            await writer.SendAsync(Given.Publish("kept").Payload($"{id}").WithQos(qos, id));
            var answer = await writer.ReadPacketAsync(qos == Qos.AtLeastOnce ? PacketType.Puback : PacketType.Pubrec);
            Assert.Equal((id, ReasonCode.QuotaExceeded), (answer.PacketId, answer.Reason));
            Assert.Contains("cannot store", answer.Text(PropertyId.ReasonString));
        }

        Assert.Equal(Full.Message, broker.Broker.Broker.Storage.Problem);
        broker.Store.Failure = null;
        await broker.SettleAsync();
        Assert.Null(broker.Broker.Broker.Storage.Problem);
        await writer.SendAsync(Given.Publish("kept").Payload("after").WithQos(qos, 1));
        var packet = await writer.ReadPacketAsync();
        Assert.Equal(ReasonCode.Success, packet.Reason);

        foreach (var crashes in new[] { false, true })
        {
            if (crashes) await broker.CrashAsync();
            var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
            var message = await client.ReadPacketAsync(PacketType.Publish);
            Assert.Equal("after", message.PayloadText);
            await client.ExpectNothingAsync();
            await client.CloseAsync();
        }
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce)]
    [InlineData(Qos.ExactlyOnce)]
    public async Task Publisher_of_3_1_1_gets_no_acknowledgement_and_is_sent_away_when_the_disk_works_again(Qos qos)
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer").V311().Persistent());
        broker.Store.Failure = Full;
        await writer.SendAsync(Given.Publish("kept").Payload("1").WithQos(qos, 1), Given.Publish("kept").Payload("2").WithQos(qos, 2));
        await writer.ExpectNothingAsync();

        broker.Store.Failure = null;
        await broker.SettleAsync();
        await writer.ExpectCloseAsync();

        writer = await broker.ConnectAsync(Given.Client("writer").V311().Persistent());
        await writer.SendAsync(Given.Publish("kept").Payload("1").WithQos(qos, 1).AsDuplicate(), Given.Publish("kept").Payload("2").WithQos(qos, 2).AsDuplicate());
        await writer.ExpectAsync(qos == Qos.AtLeastOnce ? Given.Puback(1) : Given.Pubrec(1), qos == Qos.AtLeastOnce ? Given.Puback(2) : Given.Pubrec(2));
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        Assert.Equal(["1", "2"], (await client.ReceiveAsync(2)).Select(message => message.PayloadText));
        Assert.DoesNotContain(await client.ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
    }

    [Fact]
    public async Task Failure_that_nobody_expected_is_told_and_a_restart_keeps_what_was_acknowledged()
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("kept").Payload("1").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));
        broker.Store.Failure = new InvalidOperationException("A mistake of ours.");
        await writer.SendAsync(Given.Publish("kept").Payload("2").Qos1(2));
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Puback)).Reason);

        // What is half sealed is not written, although the store would take it.
        broker.Store.Failure = null;
        var commits = broker.Store.Syncs.Count;
        await broker.SettleAsync();
        await writer.SendAsync(Given.Publish("kept").Payload("3").Qos1(3), Given.Publish("live").Qos1(4));
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Puback)).Reason);
        await writer.ExpectAsync(Given.Puback(4, ReasonCode.NoMatchingSubscribers));
        Assert.Equal(commits, broker.Store.Syncs.Count);
        Assert.Contains("until the broker is restarted", broker.Broker.Broker.Storage.Problem);

        await broker.CrashAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Publish("kept").Payload("1").Qos1());
        Assert.DoesNotContain(await client.ReadToPingrespAsync(), packet => packet.Type == PacketType.Publish);
    }

    [Fact]
    public async Task What_needs_no_disk_goes_on()
    {
        await using var broker = await StartAsync();
        var online = await broker.ConnectAsync(Given.Client("online").Subscribed("live/#", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        broker.Store.Failure = Full;
        await writer.SendAsync(Given.Publish("kept").Qos1(1));
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Puback)).Reason);

        await writer.SendAsync(Given.Publish("live/1").Qos1(2), Given.Publish("live/2").Qos2(3), Given.Publish("live/3"));
        await writer.ExpectAsync(Given.Puback(2), Given.Pubrec(3));
        await online.ExpectAsync(Given.Publish("live/1").Qos1(), Given.Publish("live/2").Qos2(), Given.Publish("live/3"));
        var late = await broker.ConnectAsync(Given.Client("late").Persistent());
        await late.SendAsync(Given.Subscribe(1).Filter("x"));
        Assert.Equal(PacketType.Suback, (await late.ReadPacketAsync()).Type);
        broker.Store.Failure = null;
        await broker.SettleAsync();
    }

    [Fact]
    public async Task Failing_disk_keeps_no_client_out()
    {
        await using var broker = await StartAsync();
        broker.Store.Failure = Full;

        // The first waits for the commit that fails, the others come while it is known.
        foreach (var clientId in new[] { "new", "newer", "kept" })
        {
            var client = await broker.ConnectAsync(Given.Client(clientId).Persistent());
            Assert.Equal(clientId == "kept", client.Connack.SessionPresent);
            await client.SendAsync(Given.Publish("nobody").Qos1(1));
            await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        }

        broker.Store.Failure = null;
        await broker.SettleAsync();
        await broker.CrashAsync();
        Assert.True((await broker.ConnectAsync(Given.Client("new").Persistent())).Connack.SessionPresent);
    }

    [Fact]
    public async Task Message_acknowledged_without_waiting_is_written_when_the_disk_works_again()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 0, TopicDurabilities = [new TopicDurability("kept", Broker.Durability.None)] });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("kept").Payload("1").Qos1(1), Given.Publish("kept").Payload("2").Qos2(2));
        await writer.ExpectAsync(Given.Puback(1), Given.Pubrec(2));
        broker.Store.Failure = Full;
        await broker.SettleAsync();
        Assert.NotNull(broker.Broker.Broker.Storage.Problem);
        broker.Store.Failure = null;
        await broker.SettleAsync();

        await broker.CrashAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Publish("kept").Payload("1").Qos1(), Given.Publish("kept").Payload("2").Qos2());
    }

    [Fact]
    public async Task Repetition_of_what_nobody_waited_for_is_not_refused_and_its_identifier_is_free_afterwards()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 0, TopicDurabilities = [new TopicDurability("kept", Broker.Durability.None)] });
        var writer = await broker.ConnectAsync(Given.Client("writer").Persistent());
        await writer.SendAsync(Given.Publish("kept").Payload("1").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));
        broker.Store.Failure = Full;
        await broker.SettleAsync();

        await writer.SendAsync(Given.Publish("kept").Payload("1").Qos2(7).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(7));
        broker.Store.Failure = null;
        await broker.SettleAsync();
        await writer.SendAsync(Given.Pubrel(7));
        await writer.ExpectAsync(Given.Pubcomp(7));
        await writer.SendAsync(Given.Publish("kept").Payload("2").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));

        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Publish("kept").Payload("1").Qos2(), Given.Publish("kept").Payload("2").Qos2());
    }

    [Fact]
    public async Task Refused_message_does_not_come_from_a_member_of_the_group_that_took_it_over_meanwhile()
    {
        var commits = new QueuedScheduler { RunsAtOnce = true };
        await using var broker = new DurableBroker(storeScheduler: commits, allowsErrors: true);
        await broker.LeaveAsync(Given.Client("second").Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        var first = await broker.ConnectAsync(Given.Client("first").Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await broker.SettleAsync();
        commits.RunsAtOnce = false;
        await writer.SendAsync(Given.Publish("a").Qos2(1));
        await writer.ExpectNothingAsync();
        await first.SendAsync(Given.Disconnect().SessionExpiry(0));
        await first.ExpectCloseAsync();
        broker.Store.Failure = Full;
        commits.RunAll();
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Pubrec)).Reason);

        commits.RunsAtOnce = true;
        broker.Store.Failure = null;
        await broker.SettleAsync();
        await broker.CrashAsync();
        var second = await broker.ConnectAsync(Given.Client("second").Persistent());
        await second.ExpectNothingAsync();
    }

    [Fact]
    public async Task Sys_tells_of_the_store()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 10 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("kept").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));
        Assert.Equal("1", await SysTopics.ReadNextAsync(broker.Broker, "storage/messages/kept"));
        Assert.Equal("ok", await SysTopics.ReadAsync(broker.Broker, "storage/state"));
        var written = long.Parse(await SysTopics.ReadAsync(broker.Broker, "storage/bytes/written"));
        Assert.Equal(broker.Store.GetFigures().BytesWritten, written);
        Assert.Equal($"{written}", await SysTopics.ReadAsync(broker.Broker, "storage/bytes/per_message"));

        broker.Store.Failure = Full;
        await writer.SendAsync(Given.Publish("kept").Qos1(1));
        await writer.ReadPacketAsync(PacketType.Puback);
        Assert.Equal("failing: " + Full.Message, await SysTopics.ReadNextAsync(broker.Broker, "storage/state"));
        broker.Store.Failure = null;
        await broker.SettleAsync();
    }

    [Fact]
    public async Task Fault_at_a_deadline_ends_neither_the_process_nor_later_deadlines()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 10 });
        broker.Store.OnFigures = () => throw new IOException("Too many open files in test.");
        await broker.Broker.AdvanceAsync(10);
        broker.Store.OnFigures = null;

        Assert.Equal("20 seconds", await SysTopics.ReadNextAsync(broker.Broker, "uptime"));
        Assert.Contains(broker.Broker.Log.Errors, entry => entry.Event.Id == 1015);
    }

    [Fact]
    public async Task State_that_could_not_be_written_is_written_later()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.SendAsync(Given.Publish("kept").Qos2(1));
        await client.ExpectAsync(Given.Pubrec(1));
        var message = await client.ExpectAsync(Given.Publish("kept").Qos2());

        broker.Store.Failure = Full;
        await client.SendAsync(Given.Pubrec(message.PacketId), Given.Pubrel(1), Given.Unsubscribe(2).Filter("kept"));
        await client.ExpectNothingAsync();
        await broker.SettleAsync();
        await client.ExpectNothingAsync();

        broker.Store.Failure = null;
        await broker.SettleAsync();
        await client.ExpectAsync(Given.Pubrel(message.PacketId), Given.Pubcomp(1), Given.Unsuback(2, ReasonCode.Success));
        await broker.CrashAsync();
        client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Pubrel(message.PacketId));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Pubrel_waits_where_the_disk_failed_at_the_start_and_a_power_cut_could_bring_the_publish_back()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.SendAsync(Given.Publish("kept").Qos2(1));
        await client.ExpectAsync(Given.Pubrec(1));
        var message = await client.ExpectAsync(Given.Publish("kept").Qos2());
        await client.SendAsync(Given.Pubrec(message.PacketId));
        await client.ExpectAsync(Given.Pubrel(message.PacketId));

        await broker.CrashAsync(failure: Full);
        client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectNothingAsync();
        broker.Store.Failure = null;
        await broker.SettleAsync();
        await client.ExpectAsync(Given.Pubrel(message.PacketId));
    }

    [Theory, BothVersions]
    public async Task Message_that_a_start_found_and_could_not_sync_is_neither_sent_nor_acknowledged_before_it_is(ProtocolVersion version)
    {
        await using var broker = await StartAsync();
        var publisher = Given.Client("writer").Version(version).Persistent();
        var writer = await broker.ConnectAsync(publisher);
        await writer.SendAsync(Given.Publish("kept").Payload("once").Qos2(7), Given.Publish("kept").Payload("more").Qos1(8));
        await writer.ExpectAsync(Given.Pubrec(7), Given.Puback(8));

        await broker.CrashAsync(failure: Full);
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        writer = await broker.ConnectAsync(publisher);
        await writer.SendAsync(Given.Publish("kept").Payload("once").Qos2(7).AsDuplicate());
        await client.ExpectNothingAsync();
        await broker.SettleAsync();
        await writer.ExpectNothingAsync();
        await client.ExpectNothingAsync();

        broker.Store.Failure = null;
        await broker.SettleAsync();
        await client.ExpectAsync(Given.Publish("kept").Payload("once").Qos2(), Given.Publish("kept").Payload("more").Qos1());
        await writer.ExpectAsync(Given.Pubrec(7));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(Qos.AtLeastOnce, false)]
    [InlineData(Qos.AtLeastOnce, true)]
    [InlineData(Qos.ExactlyOnce, false)]
    [InlineData(Qos.ExactlyOnce, true)]
    public async Task Retained_message_that_is_refused_leaves_the_one_before(Qos qos, bool hasOne)
    {
        var commits = new QueuedScheduler { RunsAtOnce = true };
        await using var broker = new DurableBroker(storeScheduler: commits, allowsErrors: true);
        await broker.LeaveAsync(Given.Client("kept").Persistent().Subscribed("kept", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        if (hasOne)
        {
            await writer.SendAsync(Given.Publish("kept").Payload("old").Retain().Qos1(1));
            await writer.ExpectAsync(Given.Puback(1));
        }

        await broker.SettleAsync();
        commits.RunsAtOnce = false;
        for (ushort id = 2; id <= 3; id++) await writer.SendAsync(Given.Publish("kept").Payload("new").Retain().WithQos(qos, id));
        await writer.ExpectNothingAsync();
        broker.Store.Failure = Full;
        commits.RunAll();
        for (ushort id = 2; id <= 3; id++) Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync()).Reason);

        commits.RunsAtOnce = true;
        await ExpectRetainedAsync(Given.Client("online"));
        broker.Store.Failure = null;
        await broker.SettleAsync();
        await ExpectRetainedAsync(Given.Client("durable").Persistent());
        await broker.CrashAsync();
        await ExpectRetainedAsync(Given.Client("later").Persistent());

        async Task ExpectRetainedAsync(ClientBuilder client)
        {
            var peer = await broker.ConnectAsync(client.Subscribed("kept", Qos.ExactlyOnce));
            var messages = (await peer.ReadToPingrespAsync()).Where(packet => packet.Type == PacketType.Publish).Select(packet => packet.PayloadText);
            Assert.Equal(hasOne ? ["old"] : [], messages);
        }
    }

    [Fact]
    public async Task Message_kept_before_the_failure_is_not_refused_when_it_is_sent_again()
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer").Persistent());
        await writer.SendAsync(Given.Publish("kept").Payload("once").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));
        broker.Store.Failure = Full;
        await writer.SendAsync(Given.Publish("kept").Qos1(8));
        await writer.ReadPacketAsync(PacketType.Puback);

        await writer.SendAsync(Given.Publish("kept").Payload("once").Qos2(7).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(7));
        broker.Store.Failure = null;
        await broker.SettleAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Publish("kept").Payload("once").Qos2());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Unsuback_waits_also_for_the_removal_before_it()
    {
        await using var broker = await StartAsync();
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        broker.Store.Failure = Full;
        await client.SendAsync(Given.Unsubscribe(1).Filter("kept"), Given.Unsubscribe(2).Filter("kept"));
        await client.ExpectNothingAsync();

        broker.Store.Failure = null;
        await broker.SettleAsync();
        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success), Given.Unsuback(2, ReasonCode.NoSubscriptionExisted));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Identifier_of_a_refused_message_is_free_for_the_next_one(bool isDurable)
    {
        await using var broker = await StartAsync();
        var writer = await broker.ConnectAsync(isDurable ? Given.Client("writer").Persistent() : Given.Client("writer"));
        broker.Store.Failure = Full;
        await writer.SendAsync(Given.Publish("kept").Payload("refused").Qos2(7));
        Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Pubrec)).Reason);
        broker.Store.Failure = null;
        await broker.SettleAsync();

        await writer.SendAsync(Given.Publish("kept").Payload("next").Qos2(7));
        await writer.ExpectAsync(Given.Pubrec(7));
        var client = await broker.ConnectAsync(Given.Client("kept").Persistent());
        await client.ExpectAsync(Given.Publish("kept").Payload("next").Qos2());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Refused_clients_do_not_run_out_of_receive_maximum()
    {
        await using var broker = await StartAsync(new BrokerOptions { SysIntervalSeconds = 0, ReceiveMaximum = 2 });
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (ushort id = 1; id <= 6; id++)
        {
            broker.Store.Failure = Full;
            await writer.SendAsync(Given.Publish("kept").Qos2(id));
            Assert.Equal(ReasonCode.QuotaExceeded, (await writer.ReadPacketAsync(PacketType.Pubrec)).Reason);
            broker.Store.Failure = null;
            await broker.SettleAsync();
        }
    }

    private static async Task<DurableBroker> StartAsync(BrokerOptions? options = null)
    {
        var broker = new DurableBroker(options, allowsErrors: true);
        await broker.LeaveAsync(Given.Client("kept").Persistent().Subscribed("kept", Qos.ExactlyOnce));
        return broker;
    }
}
