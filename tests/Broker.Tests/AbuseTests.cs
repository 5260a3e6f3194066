using System.Net;
using Avocet.Protocol;
using Avocet.TestKit;
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
    public async Task Memory_near_its_limit_keeps_new_clients_out_and_drops_messages_until_there_is_room()
    {
        var used = 100L;
        await using var broker = new TestBroker(Quiet with { MemoryBytesMax = 1000 }, new BrokerServices { MemoryInUse = () => used });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var old = await broker.ConnectAsync(Given.Client("old").Version(ProtocolVersion.V311));

        used = 860;
        await broker.AdvanceAsync(1.5);
        await (await broker.OpenAsync(Given.Client("late"))).ExpectRefusalAsync(ReasonCode.ServerBusy);
        await writer.SendAsync(Given.Publish("a").Payload("1"));
        await reader.ExpectAsync(Given.Publish("a").Payload("1"));

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
}
