using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Who gets a message of a shared subscription. The same in 3.1.1, to which it is an extension.</summary>
public sealed class SharedSubscriptionTests
{
    [Theory, BothVersions]
    public async Task Messages_go_round_the_members(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = await ConnectMembersAsync(broker, version, 3, "$share/g/a/+");
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 0; number < 12; number++) await writer.SendAsync(Given.Publish("a/x").Payload($"{number}"));

        var received = await ReadAllAsync(members);
        Assert.All(received, own => Assert.Equal(4, own.Count));
        Assert.All(received, own => Assert.Equal(own.OrderBy(number => number), own));
        Assert.Equal(Enumerable.Range(0, 12), received.SelectMany(own => own).Order());
    }

    [Theory, BothVersions]
    public async Task Messages_published_by_a_member_go_round_too(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = await ConnectMembersAsync(broker, version, 2, "$share/g/a");

        for (var number = 0; number < 6; number++) await members[0].SendAsync(Given.Publish("a").Payload($"{number}"));

        var received = await ReadAllAsync(members);
        Assert.All(received, own => Assert.Equal(3, own.Count));
    }

    [Theory, BothVersions]
    public async Task Each_group_gets_each_message_once(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await ConnectMembersAsync(broker, version, 2, "$share/g/a/#");
        var second = await ConnectMembersAsync(broker, version, 3, "$share/h/a/#");
        var third = await ConnectMembersAsync(broker, version, 1, "$share/g/a/+");
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 0; number < 6; number++) await writer.SendAsync(Given.Publish("a/x").Payload($"{number}"));

        foreach (var group in new[] { first, second, third })
        {
            var received = await ReadAllAsync(group);
            Assert.Equal(Enumerable.Range(0, 6), received.SelectMany(own => own).Order());
            Assert.All(received, own => Assert.Equal(6 / group.Count, own.Count));
        }
    }

    [Theory, BothVersions]
    public async Task Member_with_a_plain_subscription_gets_a_copy_for_each(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var both = await broker.ConnectAsync(Given.Client("both").Version(version).Subscribed("a", Qos.AtLeastOnce).Subscribed("$share/g/a"));

        await both.SendAsync(Given.Publish("a").Payload("x").Qos1(9));

        var publishes = (await both.ReadToPingrespAsync()).Where(packet => packet.Type == PacketType.Publish).ToList();
        Assert.Equal([Qos.AtMostOnce, Qos.AtLeastOnce], publishes.Select(packet => packet.Qos).Order());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.8.2-3")]
    public async Task Members_get_messages_at_their_own_qos(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = new List<TestPeer>();
        foreach (var qos in Enum.GetValues<Qos>()) members.Add(await broker.ConnectAsync(Given.Client($"m{qos}").Version(version).Subscribed("$share/g/a", qos)));
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (ushort packetId = 1; packetId <= 6; packetId++) await writer.SendAsync(Given.Publish("a").Payload("2").Qos2(packetId));
        for (ushort packetId = 1; packetId <= 3; packetId++) await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(packetId));

        for (var granted = Qos.AtMostOnce; granted <= Qos.ExactlyOnce; granted++)
        {
            var publishes = await members[(int)granted].ReadToPingrespAsync();
            Assert.Equal(3, publishes.Count);
            Assert.All(publishes, publish => Assert.Equal((Qos)Math.Min((int)granted, int.Parse(publish.PayloadText, null)), publish.Qos));
        }
    }

    [Theory, BothVersions]
    public async Task Filter_subscribed_twice_is_one_membership(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = await ConnectMembersAsync(broker, version, 2, "$share/g/a");
        for (ushort packetId = 1; packetId <= 3; packetId++)
        {
            await members[0].SendAsync(Given.Subscribe(packetId).Filter("$share/g/a", Qos.AtLeastOnce));
            await members[0].ExpectAsync(Given.Suback(packetId, ReasonCode.GrantedQos1));
        }

        for (var number = 0; number < 6; number++) await members[1].SendAsync(Given.Publish("a").Payload($"{number}").Qos1(9));

        var received = await Task.WhenAll(members.Select(member => member.ReadToPingrespAsync()));
        Assert.Equal([3, 3], received.Select(packets => packets.Count(packet => packet.Type == PacketType.Publish)));
        Assert.All(received[0], packet => Assert.Equal(Qos.AtLeastOnce, packet.Qos));
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-1")]
    public async Task Unsubscribe_with_the_whole_filter_ends_the_membership(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = await ConnectMembersAsync(broker, version, 2, "$share/g/a");
        foreach (var other in new[] { "a", "$share/h/a", "$share/g/+" })
        {
            await members[0].SendAsync(Given.Unsubscribe(1).Filter(other));
            await members[0].ExpectAsync(Given.Unsuback(1, ReasonCode.NoSubscriptionExisted));
        }

        await members[0].SendAsync(Given.Unsubscribe(2).Filter("$share/g/a"));
        await members[0].ExpectAsync(Given.Unsuback(2, ReasonCode.Success));

        for (var number = 0; number < 4; number++) await members[0].SendAsync(Given.Publish("a").Payload($"{number}"));

        Assert.Equal([[], [0, 1, 2, 3]], await ReadAllAsync(members));
    }

    [Theory, BothVersions]
    public async Task Group_without_members_gets_nothing(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var members = await ConnectMembersAsync(broker, version, 1, "$share/g/a");
        await members[0].DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Qos1(1));

        await writer.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
    }

    [Theory, BothVersions]
    public async Task Members_that_are_connected_are_preferred(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var offline = await broker.ConnectAsync(Given.Client("offline").Version(version).Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce));
        var online = await broker.ConnectAsync(Given.Client("online").Version(version).Subscribed("$share/g/a", Qos.AtLeastOnce));
        await offline.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        for (var number = 0; number < 4; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}").Qos1(1));

        Assert.Equal([0, 1, 2, 3], (await ReadAllAsync([online]))[0]);
        offline = await broker.ConnectAsync(Given.Client("offline").Version(version).Persistent());
        await offline.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.5.0-1", "3.1.1 MQTT-4.5.0-1")]
    public async Task Messages_wait_while_all_members_are_offline(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        for (var number = 0; number < 2; number++)
        {
            var member = await broker.ConnectAsync(Given.Client($"m{number}").Version(version).Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce));
            await member.CloseAsync();
        }

        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 0; number < 6; number++)
        {
            await writer.SendAsync(Given.Publish("a").Payload($"{number}").Qos1(1));
            await writer.ExpectAsync(Given.Puback(1));
        }

        var members = new List<TestPeer>();
        for (var number = 0; number < 2; number++) members.Add(await broker.ConnectAsync(Given.Client($"m{number}").Version(version).Persistent()));
        var received = await ReadAllAsync(members);
        Assert.Equal(Enumerable.Range(0, 6), received.SelectMany(own => own).Order());
        Assert.All(received, own => Assert.Equal(own.OrderBy(number => number), own));
    }

    [Fact]
    public async Task Message_that_no_offline_member_wants_kept_is_acknowledged_as_usual()
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("m").Persistent().Subscribed("$share/g/a"));
        await member.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));

        await writer.SendAsync(Given.Publish("a").Qos1(1));

        await writer.ExpectAsync(Given.Puback(1));
    }

    [Fact]
    public async Task Message_for_a_full_member_goes_to_another_and_is_not_counted_as_dropped()
    {
        await using var broker = new TestBroker(new BrokerOptions { QueueMessagesMax = 2 });
        for (var number = 0; number < 2; number++)
        {
            var member = await broker.ConnectAsync(Given.Client($"m{number}").Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce).Subscribed($"own/{number}", Qos.AtLeastOnce));
            await member.CloseAsync();
        }

        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("own/0").Qos1(1), Given.Publish("own/0").Qos1(2));
        await writer.ExpectAsync(Given.Puback(1), Given.Puback(2));

        await writer.SendAsync(Given.Publish("a").Qos1(3), Given.Publish("a").Qos1(4), Given.Publish("a").Qos1(5));

        await writer.ExpectAsync(Given.Puback(3), Given.Puback(4), Given.Puback(5, ReasonCode.QuotaExceeded));
        Assert.Equal("1", await SysTopics.ReadNextAsync(broker, "publish/messages/dropped/queue_full"));
    }

    [Theory, BothVersions]
    public async Task Subscribe_sends_no_retained_messages(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("x").Retain());

        var member = await broker.ConnectAsync(Given.Client("m").Version(version).Subscribed("$share/g/a"));
        await member.ExpectNothingAsync();
        await member.SendAsync(Given.Subscribe(1).Filter("$share/g/#"));

        await member.ReadPacketAsync(PacketType.Suback);
        await member.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.3.1-12", "MQTT-3.3.1-13", "MQTT-3.3.4-3")]
    public async Task Options_and_identifier_are_those_of_the_receiving_member()
    {
        await using var broker = new TestBroker();
        var kept = await broker.ConnectAsync(Given.Client("kept"));
        await kept.SendAsync(Given.Subscribe(1).Filter("$share/g/a", retainAsPublished: true).SubscriptionId(7));
        await kept.ReadPacketAsync(PacketType.Suback);
        var cleared = await broker.ConnectAsync(Given.Client("cleared").Subscribed("$share/g/a"));

        await cleared.SendAsync(Given.Publish("a").Payload("x").Retain(), Given.Publish("a").Payload("x").Retain());

        await kept.ExpectAsync(Given.Publish("a").Payload("x").Retain().SubscriptionId(7));
        await cleared.ExpectAsync(Given.Publish("a").Payload("x"));
        await kept.ExpectNothingAsync();
        await cleared.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Wildcard_behind_the_share_name_does_not_match_a_dollar(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("m").Version(version).Subscribed("$share/g/#").Subscribed("$share/h/+/x"));

        await member.SendAsync(Given.Publish("$x"), Given.Publish("$x/x"));
        await member.ExpectNothingAsync();
        await member.SendAsync(Given.Publish("x").Payload("y"));

        await member.ExpectAsync(Given.Publish("x").Payload("y"));
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Filter_behind_the_share_name_may_begin_with_a_dollar(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("m").Version(version).Subscribed("$share/g/$x/#"));

        await member.SendAsync(Given.Publish("$x/y").Payload("x"));

        await member.ExpectAsync(Given.Publish("$x/y").Payload("x"));
    }

    [Theory]
    [InlineData("$share//t")]
    [InlineData("$share/")]
    [InlineData("$share")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/g+/t")]
    [InlineData("$share/#/t")]
    [InlineData("$share/+/t")]
    [InlineData("$share/g#/t")]
    [InlineData("$share/g/a#")]
    [InlineData("$share/g/#/a")]
    [Spec("MQTT-4.8.2-1", "MQTT-4.8.2-2")]
    public async Task Filter_that_is_not_valid_is_refused(string filter)
    {
        await using var broker = new TestBroker();
        foreach (var version in new[] { ProtocolVersion.V311, ProtocolVersion.V50 })
        {
            var client = await broker.ConnectAsync(Given.Client($"c{version}").Version(version));
            await client.SendAsync(Given.Subscribe(1).Filter(filter).Filter("$share/g//t"));
            await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid, ReasonCode.Success));
        }
    }

    [Theory, BothVersions]
    public async Task Filter_behind_the_share_name_may_begin_with_a_slash(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var member = await broker.ConnectAsync(Given.Client("m").Version(version).Subscribed("$share/g//x"));

        await member.SendAsync(Given.Publish("x"), Given.Publish("/x").Payload("y"));

        await member.ExpectAsync(Given.Publish("/x").Payload("y"));
        await member.ExpectNothingAsync();
    }

    private static async Task<List<TestPeer>> ConnectMembersAsync(TestBroker broker, ProtocolVersion version, int count, string filter)
    {
        var members = new List<TestPeer>();
        for (var number = 0; number < count; number++)
        {
            members.Add(await broker.ConnectAsync(Given.Client($"{filter} {number}").Version(version).Subscribed(filter)));
        }

        return members;
    }

    private static async Task<List<List<int>>> ReadAllAsync(IEnumerable<TestPeer> members)
    {
        var received = new List<List<int>>();
        foreach (var member in members)
        {
            var packets = await member.ReadToPingrespAsync();
            received.Add([.. packets.Where(packet => packet.Type == PacketType.Publish).Select(packet => int.Parse(packet.PayloadText, null))]);
        }

        return received;
    }
}
