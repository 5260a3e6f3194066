using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Listeners whose clients have a part of the topics to themselves.</summary>
public sealed class MountPointTests
{
    private static ListenerPolicy One { get; } = new() { Name = "one", AllowAnonymous = true, MountPoint = "site1/" };

    private static ListenerPolicy Two { get; } = new() { Name = "two", AllowAnonymous = true, MountPoint = "site2/" };

    [Theory, BothVersions]
    public async Task Clients_see_the_topics_of_their_own_listener_without_the_prefix(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Version(version).Subscribed("#", Qos.AtLeastOnce).Subscribed("a/+"), One);
        var other = await broker.ConnectAsync(Given.Client("other").Version(version).Subscribed("#").Subscribed("a/b"), Two);
        var above = await broker.ConnectAsync(Given.Client("above").Version(version).Subscribed("+/a/b"));
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version), One);

        await writer.SendAsync(Given.Publish("a/b").Payload("x").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1));

        await reader.ExpectAsync(Given.Publish("a/b").Payload("x").Qos1());
        await reader.ExpectNothingAsync();
        await other.ExpectNothingAsync();
        await above.ExpectAsync(Given.Publish("site1/a/b").Payload("x"));
    }

    [Theory, BothVersions]
    public async Task Retained_and_queued_messages_come_without_the_prefix(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce), One);
        await client.DisconnectAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version), One);
        await writer.SendAsync(Given.Publish("a").Payload("x").Qos1(1).Retain());

        client = await broker.ConnectAsync(Given.Client("c").Version(version).Persistent(), One);
        await client.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
        await client.SendAsync(Given.Subscribe(1).Filter("+"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success), Given.Publish("a").Payload("x").Retain());
        var other = await broker.ConnectAsync(Given.Client("other").Version(version).Subscribed("#"), Two);

        await other.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Unsubscribe_finds_the_filter(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Subscribed("a").Subscribed("$share/g/b"), One);

        await client.SendAsync(Given.Unsubscribe(1).Filter("a").Filter("$share/g/b").Filter("site1/a"));

        await client.ExpectAsync(Given.Unsuback(1, ReasonCode.Success, ReasonCode.Success, ReasonCode.NoSubscriptionExisted));
        await client.SendAsync(Given.Publish("a"), Given.Publish("b"));
        await client.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Shared_groups_of_two_listeners_are_apart(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("one").Version(version).Subscribed("$share/g/a"), One);
        var two = await broker.ConnectAsync(Given.Client("two").Version(version).Subscribed("$share/g/a"), Two);

        for (var number = 0; number < 4; number++) await one.SendAsync(Given.Publish("a").Payload($"{number}"));

        for (var number = 0; number < 4; number++) await one.ExpectAsync(Given.Publish("a").Payload($"{number}"));
        await two.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Will_goes_to_the_topics_of_its_own_listener(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var near = await broker.ConnectAsync(Given.Client("near").Version(version).Subscribed("will"), One);
        var far = await broker.ConnectAsync(Given.Client("far").Version(version).Subscribed("will"), Two);
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).Will("will", "gone"), One);

        await client.CloseAsync();

        await near.ExpectAsync(Given.Publish("will").Payload("gone"));
        await far.ExpectNothingAsync();
    }

    [Fact]
    public async Task Topic_aliases_stand_for_mounted_topics()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("topic"), One);

        await client.SendAsync(Given.Publish("topic").Payload("1").TopicAlias(1), Given.Publish("").Payload("2").TopicAlias(1));

        await client.ExpectAsync(Given.Publish("topic").Payload("1"), Given.Publish("topic").Payload("2"));
    }

    [Fact]
    public async Task Authorizers_see_the_whole_topic()
    {
        var authorizer = new TopicAuthorizer();
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [authorizer] });
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("a/+").Subscribed("$share/g/b"), One);

        await client.SendAsync(Given.Publish("c").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));

        Assert.Equal(["site1/a/+", "site1/b", "site1/c"], authorizer.Asked);
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task Wildcard_at_the_beginning_does_not_match_a_dollar_there_either(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer").Version(version), One);
        await writer.SendAsync(Given.Publish("$x/a").Payload("old").Retain());
        var hidden = await broker.ConnectAsync(Given.Client("hidden").Version(version).Subscribed("#").Subscribed("+/a").Subscribed("$share/g/#"), One);
        var shown = await broker.ConnectAsync(Given.Client("shown").Version(version).Subscribed("$x/#"), One);
        await shown.ExpectAsync(Given.Publish("$x/a").Payload("old").Retain());

        await writer.SendAsync(Given.Publish("$x/a").Payload("new"));

        await hidden.ExpectNothingAsync();
        await shown.ExpectAsync(Given.Publish("$x/a").Payload("new"));
    }

    [Theory]
    [InlineData("site1")]
    [InlineData("site1/")]
    [Spec("MQTT-4.7.3-1", "3.1.1 MQTT-4.7.3-1")]
    public async Task Topic_of_nothing_but_the_prefix_has_no_name_for_its_clients(string topic)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish(topic).Payload("old").Retain());
        var client = await broker.ConnectAsync(Given.Client("c").Subscribed("#", Qos.AtLeastOnce).Subscribed("+").Subscribed("$share/g/#"), One);

        await writer.SendAsync(Given.Publish(topic).Payload("new").Qos1(1));
        await writer.SendAsync(Given.Publish("site1/a").Payload("x"));

        await client.ExpectAsync(Given.Publish("a").Payload("x"), Given.Publish("a").Payload("x"));
        await client.ExpectNothingAsync();
        await writer.ReadToPingrespAsync();
    }

    [Theory, BothVersions]
    public async Task Wildcards_of_a_mounted_client_stay_within_its_mount_point(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions());
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Subscribed("#").Subscribed("../#").Subscribed("$SYS/#"), One);
        var outside = await broker.ConnectAsync(Given.Client("outside").Version(version));

        await outside.SendAsync(Given.Publish("x").Payload("x"), Given.Publish("site2/x").Payload("x"));
        await broker.AdvanceAsync(30);

        await mounted.ExpectNothingAsync();
    }

    [Fact]
    public async Task Session_does_not_move_to_another_mount_point()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Persistent().Subscribed("a", Qos.AtLeastOnce), One);
        await client.DisconnectAsync();

        var elsewhere = await broker.ConnectAsync(Given.Client("c").Persistent(), Two);

        Assert.False(elsewhere.Connack.SessionPresent);
        await elsewhere.SendAsync(Given.Publish("a"));
        await elsewhere.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Topic_too_long_with_the_prefix_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version), One);
        var longest = new string('a', 65_535);

        await client.SendAsync(Given.Subscribe(1).Filter(longest).Filter(longest[6..]));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.TopicFilterInvalid, ReasonCode.Success));
        await client.SendAsync(Given.Publish(longest[6..]).Payload("x"));
        await client.ExpectAsync(Given.Publish(longest[6..]).Payload("x"));
        await client.SendAsync(Given.Publish(longest).Qos1(1));

        if (version == ProtocolVersion.V50) await client.ExpectAsync(Given.Puback(1, ReasonCode.TopicNameInvalid));
        else await client.ExpectCloseAsync();
    }

    [Fact]
    public async Task Will_topic_too_long_with_the_mount_point_is_refused()
    {
        await using var broker = new TestBroker();

        var mounted = await broker.OpenAsync(Given.Client("mounted").Will(new string('t', Limits.StringSizeMax)), One);

        await mounted.ExpectRefusalAsync(ReasonCode.TopicNameInvalid);
    }
}
