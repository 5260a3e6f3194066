using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class KeepAliveTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.1.2-22", "MQTT-3.2.2-22", "3.1.1 MQTT-3.1.2-24")]
    public async Task Client_silent_for_one_and_a_half_periods_is_closed_and_its_will_published(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).KeepAlive(10).Will("will"));
        Assert.False(client.Connack.Has(PropertyId.ServerKeepAlive));

        await broker.AdvanceAsync(14.5);
        await watcher.ExpectNothingAsync();
        client.ExpectNoBytes();
        await broker.AdvanceAsync(2.5);

        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Theory, BothVersions]
    public async Task Client_that_sends_anything_in_time_stays(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).KeepAlive(10));

        for (var round = 0; round < 5; round++)
        {
            await broker.AdvanceAsync(9);
            await client.SendAsync(Given.Publish("a"));
            await broker.AdvanceAsync(9);
            await client.ExpectNothingAsync();
        }
    }

    [Theory, BothVersions]
    public async Task Messages_to_a_silent_client_do_not_keep_it_alive(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).KeepAlive(10).Subscribed("a"));

        await broker.AdvanceAsync(10);
        await writer.SendAsync(Given.Publish("a").Payload("x"));
        await client.ExpectAsync(Given.Publish("a").Payload("x"));
        await broker.AdvanceAsync(7);

        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Theory, BothVersions]
    public async Task Client_without_keep_alive_may_be_silent(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c").Version(version).KeepAlive(0));

        await broker.AdvanceAsync(7200);

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task Keep_alive_above_the_limit_is_replaced_by_server_keep_alive(ushort keepAlive)
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, KeepAliveMaxSeconds = 20 });
        var client = await broker.ConnectAsync(Given.Client("c").KeepAlive(keepAlive));
        Assert.Equal(20u, client.Connack.Integer(PropertyId.ServerKeepAlive));

        await broker.AdvanceAsync(29);
        client.ExpectNoBytes();
        await broker.AdvanceAsync(3);

        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact, Spec("MQTT-3.2.2-22")]
    public async Task Keep_alive_within_the_limit_is_the_clients_own()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, KeepAliveMaxSeconds = 20 });

        var client = await broker.ConnectAsync(Given.Client("c").KeepAlive(20));

        Assert.False(client.Connack.Has(PropertyId.ServerKeepAlive));
    }
}
