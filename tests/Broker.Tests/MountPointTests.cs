using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class MountPointTests
{
    private static readonly ListenerPolicy Site = new() { Name = "site", AllowAnonymous = true, MountPoint = "site1/" };

    [Theory, BothVersions]
    public async Task Topics_of_a_mounted_client_have_the_prefix_that_it_does_not_see(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Subscribed("a/+"), Site);
        var outside = await broker.ConnectAsync(Given.Client("outside").Version(version).Subscribed("site1/#"));

        await mounted.SendAsync(Given.Publish("a/b").Payload("in"));
        await mounted.ExpectAsync(Given.Publish("a/b").Payload("in"));
        await outside.ExpectAsync(Given.Publish("site1/a/b").Payload("in"));
        await outside.SendAsync(Given.Publish("site1/a/c").Payload("out"));
        await mounted.ExpectAsync(Given.Publish("a/c").Payload("out"));
        await outside.SendAsync(Given.Publish("a/c").Payload("elsewhere"));

        await mounted.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Wildcards_of_a_mounted_client_stay_within_its_mount_point(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 10 });
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Subscribed("#").Subscribed("../#").Subscribed("$SYS/#"), Site);
        var outside = await broker.ConnectAsync(Given.Client("outside").Version(version));

        await outside.SendAsync(Given.Publish("x").Payload("x"), Given.Publish("site2/x").Payload("x"));
        await broker.AdvanceAsync(30);

        await mounted.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Shared_and_retained_messages_keep_to_the_mount_point(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Subscribed("$share/g/a"), Site);

        await mounted.SendAsync(Given.Publish("a").Payload("x").Retain());

        await mounted.ExpectAsync(Given.Publish("a").Payload("x"));
        var late = await broker.ConnectAsync(Given.Client("late").Version(version).Subscribed("a"), Site);
        await late.ExpectAsync(Given.Publish("a").Payload("x").Retain());
        await late.SendAsync(Given.Unsubscribe(1).Filter("a"));
        await late.ExpectAsync(Given.Unsuback(1, ReasonCode.Success));
        var outside = await broker.ConnectAsync(Given.Client("outside").Version(version).Subscribed("#"));
        await outside.ExpectAsync(Given.Publish("site1/a").Payload("x").Retain());
    }

    [Theory, BothVersions]
    public async Task Will_of_a_mounted_client_has_the_prefix(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var outside = await broker.ConnectAsync(Given.Client("outside").Subscribed("#"));
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Will("will"), Site);

        await mounted.CloseAsync();

        await outside.ExpectAsync(Given.Publish("site1/will").Payload("will"));
    }

    [Fact]
    public async Task Aliases_of_a_mounted_client_stand_for_its_topics()
    {
        await using var broker = new TestBroker();
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Subscribed("a"), Site);

        await mounted.SendAsync(Given.Publish("a").TopicAlias(1), Given.Publish("").Payload("2").TopicAlias(1));

        await mounted.ExpectAsync(Given.Publish("a"), Given.Publish("a").Payload("2"));
    }

    [Fact]
    public async Task Authorizer_sees_topics_with_the_prefix()
    {
        var authorizer = new TopicAuthorizer();
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [authorizer] });
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Subscribed("a/#"), Site);

        await mounted.SendAsync(Given.Publish("a/b"));

        await mounted.ExpectAsync(Given.Publish("a/b"));
        Assert.Equal(["site1/a/#", "site1/a/b"], authorizer.Asked);
    }

    [Theory, BothVersions]
    public async Task Messages_for_a_mounted_client_that_is_away_are_queued(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Persistent().Subscribed("a", Qos.AtLeastOnce), Site);
        await mounted.CloseAsync();
        var outside = await broker.ConnectAsync(Given.Client("outside"));
        await outside.SendAsync(Given.Publish("site1/a").Payload("x").Qos1(1));

        mounted = await broker.ConnectAsync(Given.Client("mounted").Version(version).Persistent(), Site);

        await mounted.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory]
    [InlineData("site1")]
    [InlineData("site1/")]
    public async Task Topics_that_have_no_name_behind_the_mount_point_are_not_delivered(string topicName)
    {
        await using var broker = new TestBroker();
        var outside = await broker.ConnectAsync(Given.Client("outside"));
        await outside.SendAsync(Given.Publish(topicName).Payload("kept").Retain());
        var mounted = await broker.ConnectAsync(Given.Client("mounted").Subscribed("#", Qos.AtLeastOnce).Subscribed("$share/g/#"), Site);

        await outside.SendAsync(Given.Publish(topicName).Payload("x"), Given.Publish(topicName).Payload("y").Qos1(1));

        await outside.ExpectAsync(Given.Puback(1));
        await mounted.ExpectNothingAsync();
    }

    [Fact]
    public async Task Will_topic_too_long_with_the_mount_point_is_refused()
    {
        await using var broker = new TestBroker();

        var mounted = await broker.OpenAsync(Given.Client("mounted").Will(new string('t', Limits.StringSizeMax)), Site);

        await mounted.ExpectRefusalAsync(ReasonCode.TopicNameInvalid);
    }
}
