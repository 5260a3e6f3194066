using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class ClientIdTests
{
    [Theory]
    [InlineData(ProtocolVersion.V311, "a")]
    [InlineData(ProtocolVersion.V50, "Z")]
    [InlineData(ProtocolVersion.V311, "0123456789abcdefghiJKLM")]
    [InlineData(ProtocolVersion.V50, "NOPQRSTUVWXYZabcdefghij")]
    [InlineData(ProtocolVersion.V50, "Büro/1 +#")]
    [Spec("MQTT-3.1.3-5", "MQTT-3.1.3-4", "3.1.1 MQTT-3.1.3-5", "3.1.1 MQTT-3.1.3-4")]
    public async Task Connect_with_any_client_id_within_the_limit_is_accepted(ProtocolVersion version, string clientId)
    {
        await using var broker = new TestBroker();

        var client = await broker.ConnectAsync(Given.Client(clientId).Version(version));

        Assert.False(client.Connack.Has(PropertyId.AssignedClientIdentifier));
    }

    [Fact]
    [Spec("MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16")]
    public async Task Connect_without_client_id_is_assigned_one_that_no_other_has()
    {
        await using var broker = new TestBroker();
        var one = await broker.ConnectAsync(Given.Client("").SessionExpiry(60));
        var two = await broker.ConnectAsync(Given.Client("").SessionExpiry(60));

        var assigned = one.Connack.Text(PropertyId.AssignedClientIdentifier);
        Assert.False(string.IsNullOrEmpty(assigned));
        Assert.NotEqual(assigned, two.Connack.Text(PropertyId.AssignedClientIdentifier));
        await one.CloseAsync();

        var again = await broker.ConnectAsync(Given.Client(assigned).Persistent());
        Assert.True(again.Connack.SessionPresent);
        Assert.False(again.Connack.Has(PropertyId.AssignedClientIdentifier));
    }

    [Fact, Spec("3.1.1 MQTT-3.1.3-6")]
    public async Task Connect_without_client_id_of_3_1_1_is_accepted_with_clean_session()
    {
        await using var broker = new TestBroker();

        var one = await broker.ConnectAsync(Given.Client("").V311().Subscribed("a"));
        var two = await broker.ConnectAsync(Given.Client("").V311().Subscribed("a"));

        await one.SendAsync(Given.Publish("a").Payload("x"));
        await one.ExpectAsync(Given.Publish("a").Payload("x"));
        await two.ExpectAsync(Given.Publish("a").Payload("x"));
    }

    [Fact, Spec("3.1.1 MQTT-3.1.3-8")]
    public async Task Connect_without_client_id_of_3_1_1_is_refused_without_clean_session()
    {
        await using var broker = new TestBroker();

        var client = await broker.OpenAsync(Given.Client("").V311().Clean(false));

        await client.ExpectRefusalAsync(ReasonCode.ClientIdentifierNotValid);
    }

    [Fact]
    public async Task Connect_without_client_id_of_3_1_is_refused()
    {
        await using var broker = new TestBroker();

        var client = await broker.OpenAsync(Given.Client("").V31());

        await client.ExpectRefusalAsync(ReasonCode.ClientIdentifierNotValid);
    }

    [Theory, BothVersions]
    [Spec("MQTT-3.1.3-8", "3.1.1 MQTT-3.1.3-9")]
    public async Task Connect_with_client_id_above_the_limit_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ClientIdBytesMax = 30 });
        await broker.ConnectAsync(Given.Client(new string('a', 30)).Version(version));

        var client = await broker.OpenAsync(Given.Client(new string('a', 31)).Version(version));

        await client.ExpectRefusalAsync(ReasonCode.ClientIdentifierNotValid);
    }
}
