using System.Net;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Clients that want more than their share, and what the others notice of it.</summary>
public sealed class AbuseTests
{
    private static BrokerOptions Quiet => new() { SysIntervalSeconds = 0 };

    [Theory, BothVersions]
    public async Task Publishes_above_the_rate_come_late_and_none_is_lost(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Quiet with { PublishRateMax = 10 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var flood = await broker.ConnectAsync(Given.Client("flood").Version(version));
        var polite = await broker.ConnectAsync(Given.Client("polite"));

        // A second's worth may come at once; the read that goes beyond it is the last one for a while.
        for (var number = 0; number < 15; number++) await flood.SendAsync(Given.Publish("a").Payload($"{number}"));
        for (var number = 0; number < 11; number++) await reader.ExpectAsync(Given.Publish("a").Payload($"{number}"));
        await reader.ExpectNothingAsync();

        await polite.SendAsync(Given.Publish("a").Payload("polite"));
        await reader.ExpectAsync(Given.Publish("a").Payload("polite"));

        await broker.AdvanceAsync(1);
        for (var number = 11; number < 15; number++) await reader.ExpectAsync(Given.Publish("a").Payload($"{number}"));
    }

    [Fact]
    public async Task Client_that_is_delayed_for_longer_than_its_keep_alive_stays_connected()
    {
        await using var broker = new TestBroker(Quiet with { ReceiveBytesRateMax = 1000 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a").KeepAlive(0));
        var flood = await broker.ConnectAsync(Given.Client("flood").KeepAlive(2));

        await flood.SendAsync(Given.Publish("a").Payload(new string('x', 20_000)));
        await reader.ReadPacketAsync(PacketType.Publish);
        await flood.SendAsync(Given.Publish("a").Payload("second"));
        await broker.AdvanceAsync(15);
        await reader.ExpectNothingAsync();
        await broker.AdvanceAsync(6);

        await reader.ExpectAsync(Given.Publish("a").Payload("second"));
    }

    [Fact]
    public async Task Client_above_the_rate_is_disconnected_where_so_configured()
    {
        await using var broker = new TestBroker(Quiet with { PublishRateMax = 2, RateOverflow = RateOverflow.Disconnect });
        var flood = await broker.ConnectAsync(Given.Client("flood"));

        await flood.SendAsync(Given.Publish("a"), Given.Publish("a"), Given.Publish("a"));

        await flood.ExpectDisconnectAsync(ReasonCode.MessageRateTooHigh);
    }

    [Theory, BothVersions]
    public async Task Subscription_bomb_ends_at_the_limit(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Quiet with { SubscriptionsMax = 3 });
        var client = await broker.ConnectAsync(Given.Client("bomb").Version(version));
        var refusal = version == ProtocolVersion.V50 ? ReasonCode.QuotaExceeded : ReasonCode.UnspecifiedError;

        var filter = "+";
        for (ushort packetId = 1; packetId <= 3; packetId++, filter += "/+")
        {
            await client.SendAsync(Given.Subscribe(packetId).Filter(filter, Qos.AtMostOnce));
            await client.ExpectAsync(Given.Suback(packetId, ReasonCode.Success));
        }

        await client.SendAsync(Given.Subscribe(4).Filter(filter, Qos.AtMostOnce));
        await client.ExpectAsync(Given.Suback(4, refusal));

        // To replace one is no more than there was.
        await client.SendAsync(Given.Subscribe(5).Filter("+/+", Qos.AtMostOnce));
        await client.ExpectAsync(Given.Suback(5, ReasonCode.Success));
    }

    [Fact]
    public async Task Topic_longer_than_allowed_is_refused()
    {
        await using var broker = new TestBroker(Quiet with { TopicBytesMax = 5 });
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("123456", Qos.AtMostOnce));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid));
        await client.SendAsync(Given.Publish("123456").Qos1(2));
        await client.ExpectAsync(Given.Puback(2, ReasonCode.TopicNameInvalid));
        await client.SendAsync(Given.Publish("12345").Qos1(3));
        await client.ExpectAsync(Given.Puback(3, ReasonCode.NoMatchingSubscribers));
    }

    [Fact]
    public async Task Reconnect_storm_of_one_address_does_not_keep_others_out()
    {
        await using var broker = new TestBroker(Quiet with { ConnectRateMax = 1 });
        var storm = new SilentClients(broker.Broker);

        Assert.Equal(10, storm.CountServed(IPAddress.Parse("192.0.2.1"), 50));
        Assert.Equal(0, storm.CountServed(IPAddress.Parse("192.0.2.1"), 50));
        Assert.Equal(1, storm.CountServed(IPAddress.Parse("192.0.2.2"), 1));

        // Of IPv6 the network counts.
        Assert.Equal(10, storm.CountServed(IPAddress.Parse("2001:db8::1"), 10));
        Assert.Equal(0, storm.CountServed(IPAddress.Parse("2001:db8::2"), 5));
        Assert.Equal(1, storm.CountServed(IPAddress.Parse("2001:db8:0:1::1"), 1));

        await broker.AdvanceAsync(3);
        Assert.Equal(3, storm.CountServed(IPAddress.Parse("192.0.2.1"), 50));
        await storm.LeaveAsync();
    }

    [Fact]
    public async Task Connects_above_the_rate_of_a_listener_are_closed_unread()
    {
        await using var broker = new TestBroker(Quiet);
        var listener = TestBroker.OpenListener with { Name = "narrow", ConnectRateMax = 1 };
        for (var number = 0; number < 10; number++) await broker.ConnectAsync(Given.Client($"c{number}"), listener);

        var late = await broker.OpenAsync(listener: listener);
        await late.ExpectCloseAsync();
        await broker.ConnectAsync(Given.Client("elsewhere"));
        await broker.AdvanceAsync(1);
        await broker.ConnectAsync(Given.Client("late"), listener);
    }

    [Fact]
    public async Task User_who_logs_in_too_often_is_refused_and_others_are_not()
    {
        await using var broker = new TestBroker(Quiet with { UserConnectRateMax = 1 }, new BrokerServices { Authenticators = [new PasswordAuthenticator("storm", "secret")] });
        for (var number = 0; number < 10; number++) await broker.ConnectAsync(Given.Client($"c{number}").UserName("storm").Password("secret"));

        await (await broker.OpenAsync(Given.Client("late").UserName("storm").Password("secret"))).ExpectRefusalAsync(ReasonCode.ConnectionRateExceeded);

        // Who only says to be the user takes nothing from it.
        await broker.AdvanceAsync(1);
        for (var number = 0; number < 5; number++) await (await broker.OpenAsync(Given.Client("x").UserName("storm").Password("wrong"))).ExpectRefusalAsync(ReasonCode.NotAuthorized);
        await broker.ConnectAsync(Given.Client("late").UserName("storm").Password("secret"));
    }

    [Theory, BothVersions]
    public async Task Client_that_flaps_is_kept_out_for_a_while(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Quiet with { FlappingConnectsMax = 3, FlappingSeconds = 30, FlappingBanSeconds = 60 });
        for (var number = 0; number < 3; number++) await (await broker.ConnectAsync(Given.Client("flap").Version(version))).DisconnectAsync();

        // Who goes on trying is not kept out for longer.
        for (var number = 0; number < 5; number++)
        {
            await (await broker.OpenAsync(Given.Client("flap").Version(version))).ExpectRefusalAsync(ReasonCode.Banned);
            await broker.AdvanceAsync(10);
        }

        await broker.ConnectAsync(Given.Client("steady").Version(version));
        Assert.Single(broker.Log.Entries, entry => entry.Event.Id == 1042);
        await broker.AdvanceAsync(20.25);
        await broker.ConnectAsync(Given.Client("flap").Version(version));
    }

    [Fact]
    public async Task All_clients_of_a_listener_share_its_rate()
    {
        await using var broker = new TestBroker(Quiet);
        await ExpectSharedRateAsync(broker, id => Given.Client(id), TestBroker.OpenListener with { Name = "narrow", PublishRateMax = 10 });
    }

    [Fact]
    public async Task All_clients_of_an_address_share_its_rate()
    {
        await using var broker = new TestBroker(Quiet with { AddressPublishRateMax = 10 });
        await ExpectSharedRateAsync(broker, id => Given.Client(id), TestBroker.OpenListener);
    }

    [Fact]
    public async Task All_clients_of_a_user_share_its_rate()
    {
        await using var broker = new TestBroker(Quiet with { UserPublishRateMax = 10 }, new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "secret")] });
        await ExpectSharedRateAsync(broker, id => Given.Client(id).UserName("u").Password("secret"), TestBroker.OpenListener);
    }

    [Fact]
    public async Task What_a_user_owes_it_owes_after_a_new_connection_too()
    {
        await using var broker = new TestBroker(Quiet with { UserPublishRateMax = 10 }, new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "secret")] });
        var user = Given.Client("flood").UserName("u").Password("secret");
        var flood = await broker.ConnectAsync(user);
        await flood.SendAsync([.. Enumerable.Repeat(Given.Publish("a"), 40)]);

        var again = await broker.ConnectAsync(user.Subscribed("a"));
        await flood.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await again.SendAsync(Given.Publish("a").Payload("1"));
        await again.ExpectAsync(Given.Publish("a").Payload("1"));
        await again.SendAsync(Given.Publish("a").Payload("2"));
        again.ExpectNoBytes();

        await broker.AdvanceAsync(4);
        await again.ExpectAsync(Given.Publish("a").Payload("2"));
    }

    [Theory, BothVersions]
    public async Task Retained_bomb_ends_at_the_limit(ProtocolVersion version)
    {
        await using var broker = new TestBroker(Quiet with { RetainedMessagesMax = 2 });
        var client = await broker.ConnectAsync(Given.Client("bomb").Version(version).Subscribed("#"));
        await client.SendAsync(Given.Publish("a").Retain().Payload("1"), Given.Publish("b").Retain().Payload("1"));
        await client.ExpectAsync(Given.Publish("a").Payload("1"), Given.Publish("b").Payload("1"));

        await client.SendAsync(Given.Publish("c").Retain().Payload("1").Qos1(1));
        if (version == ProtocolVersion.V50) await client.ExpectAsync(Given.Puback(1, ReasonCode.QuotaExceeded));
        else await client.ExpectAsync(Given.Puback(1));

        // To replace one is no more than there was, and to remove one makes room.
        await client.SendAsync(Given.Publish("a").Retain().Payload("2"), Given.Publish("b").Retain(), Given.Publish("c").Retain().Payload("2"));
        await client.ExpectAsync(Given.Publish("a").Payload("2"), Given.Publish("b"), Given.Publish("c").Payload("2"));
    }

    [Fact]
    public async Task Half_open_flood_and_a_connect_byte_by_byte_end_at_the_connect_timeout_while_others_go_on()
    {
        await using var broker = new TestBroker(Quiet with { ConnectTimeoutSeconds = 5 });
        var polite = await broker.ConnectAsync(Given.Client("polite").Subscribed("a"));
        var silent = new List<TestPeer>();
        for (var number = 0; number < 200; number++) silent.Add(await broker.OpenAsync());

        var slow = await broker.OpenAsync();
        foreach (var value in Given.Client("slow").Encode().Take(5))
        {
            await slow.SendAsync([value]);
            await polite.SendAsync(Given.Publish("a"));
            await polite.ExpectAsync(Given.Publish("a"));
            await broker.AdvanceAsync(1);
        }

        await broker.AdvanceAsync(0.5);
        await slow.ExpectCloseAsync();
        foreach (var peer in silent) await peer.ExpectCloseAsync();
        await polite.SendAsync(Given.Publish("a"));
        await polite.ExpectAsync(Given.Publish("a"));
    }

    [Fact]
    public async Task Qos_2_that_never_completes_ends_at_the_receive_maximum()
    {
        await using var broker = new TestBroker(Quiet with { ReceiveMaximum = 100 });
        var polite = await broker.ConnectAsync(Given.Client("polite").Subscribed("a"));
        var client = await broker.ConnectAsync(Given.Client("bomb"));
        for (ushort packetId = 1; packetId <= 100; packetId++)
        {
            await client.SendAsync(Given.Publish("b").Qos2(packetId));
            await client.ExpectAsync(Given.Pubrec(packetId, ReasonCode.NoMatchingSubscribers));
        }

        await client.SendAsync(Given.Publish("b").Qos2(101));

        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
        await polite.SendAsync(Given.Publish("a"));
        await polite.ExpectAsync(Given.Publish("a"));
    }

    [Fact]
    public async Task Qos_2_of_3_x_that_never_completes_takes_its_identifiers_and_no_more()
    {
        await using var broker = new TestBroker(Quiet);
        var polite = await broker.ConnectAsync(Given.Client("polite").Subscribed("a", Qos.ExactlyOnce));
        var client = await broker.ConnectAsync(Given.Client("bomb").V311());
        for (var round = 0; round < 2; round++)
        {
            for (ushort packetId = 1; packetId < ushort.MaxValue; packetId++)
            {
                await client.SendAsync(Given.Publish("b").Qos2(packetId));
                await client.ExpectAsync(Given.Pubrec(packetId));
            }
        }

        await polite.SendAsync(Given.Publish("a").Qos2(1));
        await polite.ReadPacketAsync(PacketType.Publish);
    }

    [Fact]
    public async Task Will_bomb_reaches_its_readers_and_fills_no_more_than_their_queues()
    {
        await using var broker = new TestBroker(Quiet with { QueueMessagesMax = 50, InflightMax = 10 });
        var absent = await broker.ConnectAsync(Given.Client("absent").Persistent().Subscribed("wills", Qos.AtLeastOnce));
        await absent.CloseAsync();
        var polite = await broker.ConnectAsync(Given.Client("polite").Subscribed("wills"));
        var bombs = new List<TestPeer>();
        for (var number = 0; number < 200; number++) bombs.Add(await broker.ConnectAsync(Given.Client($"bomb{number}").Will("wills", new string('x', 1000), Qos.AtLeastOnce)));

        foreach (var bomb in bombs) await bomb.ResetAsync();

        for (var number = 0; number < 200; number++) await polite.ReadPacketAsync(PacketType.Publish);
        absent = await broker.ConnectAsync(Given.Client("absent").Persistent());
        var received = 0;
        for (; received < 50; received++)
        {
            var message = await absent.ReadPacketAsync(PacketType.Publish);
            await absent.SendAsync(Given.Puback(message.PacketId));
        }

        await absent.ExpectNothingAsync();
    }

    [Fact]
    public async Task Memory_near_its_limit_keeps_new_clients_out_and_drops_messages_until_there_is_room()
    {
        var used = 100L;
        await using var broker = new TestBroker(Quiet, new BrokerServices { MemoryShareInUse = () => used / 1000.0 });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var old = await broker.ConnectAsync(Given.Client("old").Version(ProtocolVersion.V311));

        used = 860;
        await broker.AdvanceAsync(1.5);
        await (await broker.OpenAsync(Given.Client("late"))).ExpectRefusalAsync(ReasonCode.ServerBusy);
        await writer.SendAsync(Given.Publish("a").Payload("1"));
        await reader.ExpectAsync(Given.Publish("a").Payload("1"));

        await reader.SendAsync(Given.Subscribe(1).Filter("b", Qos.AtMostOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.QuotaExceeded));

        used = 910;
        await broker.AdvanceAsync(1.5);
        await writer.SendAsync(Given.Publish("a").Payload("dropped"), Given.Publish("a").Payload("kept").Qos1(2));
        await reader.ExpectAsync(Given.Publish("a").Payload("kept").Qos1(1));
        await writer.ExpectAsync(Given.Puback(2));
        await reader.SendAsync(Given.Puback(1));

        used = 960;
        await broker.AdvanceAsync(1.5);
        await writer.SendAsync(Given.Publish("a").Payload("2"), Given.Publish("a").Payload("3").Qos1(3));
        await writer.ExpectAsync(Given.Puback(3, ReasonCode.QuotaExceeded));
        await old.SendAsync(Given.Publish("a").Payload("4").Qos1(4));
        await old.ExpectCloseAsync();
        await reader.ExpectNothingAsync();

        used = 100;
        await broker.AdvanceAsync(1.5);
        await broker.ConnectAsync(Given.Client("late"));
        await writer.SendAsync(Given.Publish("a").Payload("5"));
        await reader.ExpectAsync(Given.Publish("a").Payload("5"));
    }

    /// <summary>Two clients that may send ten messages a second together.</summary>
    private static async Task ExpectSharedRateAsync(TestBroker broker, Func<string, ClientBuilder> client, ListenerPolicy listener)
    {
        var reader = await broker.ConnectAsync(client("reader").Subscribed("a"));
        var one = await broker.ConnectAsync(client("one"), listener);
        var two = await broker.ConnectAsync(client("two"), listener);

        await one.SendAsync([.. Enumerable.Repeat(Given.Publish("a"), 10)]);
        await two.SendAsync(Given.Publish("a"));
        await two.SendAsync(Given.Publish("a").Payload("late"));
        for (var number = 0; number < 11; number++) await reader.ExpectAsync(Given.Publish("a"));
        await reader.ExpectNothingAsync();

        await broker.AdvanceAsync(1);
        await reader.ExpectAsync(Given.Publish("a").Payload("late"));
    }
}
