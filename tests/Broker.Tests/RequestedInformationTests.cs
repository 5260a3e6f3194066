using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Request Response Information and Request Problem Information.</summary>
public sealed class RequestedInformationTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(0u)]
    [Spec("MQTT-3.1.2-28")]
    public async Task Response_information_is_not_given_without_request(uint? request)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ResponseInformation = "answers/${clientid}/" });
        var given = Given.Client("c");

        var client = await broker.ConnectAsync(request is null ? given : given.Property(PropertyId.RequestResponseInformation, request.Value));

        Assert.False(client.Connack.Has(PropertyId.ResponseInformation));
    }

    [Fact]
    public async Task Response_information_is_given_on_request()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ResponseInformation = "answers/${clientid}/" });

        var client = await broker.ConnectAsync(Given.Client("c").Property(PropertyId.RequestResponseInformation, 1));

        Assert.Equal("answers/c/", client.Connack.Text(PropertyId.ResponseInformation));
    }

    [Fact]
    public async Task Response_information_that_is_not_set_is_not_given()
    {
        await using var broker = new TestBroker();

        var client = await broker.ConnectAsync(Given.Client("c").Property(PropertyId.RequestResponseInformation, 1));

        Assert.False(client.Connack.Has(PropertyId.ResponseInformation));
    }

    [Fact, Spec("MQTT-3.1.2-29")]
    public async Task Problem_information_not_wanted_keeps_reason_strings_off_acknowledgements()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c").Property(PropertyId.RequestProblemInformation, 0));

        await client.SendAsync(
            Given.Publish("denied").Qos1(1),
            Given.Publish("denied").Qos2(2),
            Given.Pubrel(3),
            Given.Pubrec(4),
            Given.Subscribe(5).Filter("denied").Filter("a#"),
            Given.Unsubscribe(6).Filter("nothing"));

        await client.ExpectAsync(
            Given.Puback(1, ReasonCode.NotAuthorized),
            Given.Pubrec(2, ReasonCode.NotAuthorized),
            Given.Pubcomp(3, ReasonCode.PacketIdentifierNotFound),
            Given.Pubrel(4, ReasonCode.PacketIdentifierNotFound),
            Given.Suback(5, ReasonCode.NotAuthorized, ReasonCode.TopicFilterInvalid),
            Given.Unsuback(6, ReasonCode.NoSubscriptionExisted));
        Assert.All(client.Received.Skip(1), packet => Assert.Empty(packet.Properties));
    }

    [Fact]
    public async Task Problem_information_is_given_unless_it_is_not_wanted()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("denied").Qos1(1));

        var puback = await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
        Assert.False(string.IsNullOrEmpty(puback.Text(PropertyId.ReasonString)));
    }

    [Fact, Spec("MQTT-3.1.2-29")]
    public async Task Problem_information_not_wanted_leaves_messages_as_they_are()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Property(PropertyId.RequestProblemInformation, 0).Subscribed("a"));

        await client.SendAsync(Given.Publish("a").UserProperty("k", "v"));

        await client.ExpectAsync(Given.Publish("a").UserProperty("k", "v"));
    }
}
