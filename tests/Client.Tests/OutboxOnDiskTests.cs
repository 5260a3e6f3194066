using System.Globalization;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Client.Tests;

public sealed class OutboxOnDiskTests
{
    [Fact]
    public async Task Messages_enqueued_without_a_broker_are_sent_by_the_next_run_in_order()
    {
        using var folder = new TemporaryFolder();
        await using var broker = new BrokerHost { IsAway = true };
        await using (var first = broker.Create("meter", o => o.Outbox = Outbox.OnDisk(folder.File("outbox.db"))))
        {
            first.Start();
            for (var i = 0; i < 100; i++)
            {
                await first.EnqueueAsync(new MqttMessage("meter", i.ToString(CultureInfo.InvariantCulture)) { Qos = (Qos)(1 + (i % 2)), UserProperties = [new("n", "v")] })
                    .AsTask().WaitAsync(Wait.Deadline);
            }
        }

        broker.IsAway = false;
        await using var reader = await broker.ConnectAsync("reader");
        await using var subscription = await reader.OpenSubscriptionAsync("meter", new SubscribeOptions { Qos = Qos.ExactlyOnce });
        await using var second = await broker.ConnectAsync("meter", o => o.Outbox = Outbox.OnDisk(folder.File("outbox.db")));

        var messages = await subscription.ReadAllAsync().TakeAsync(100);
        // Order holds for each QoS.
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 2 == 0), messages.Where(message => message.Qos == Qos.AtLeastOnce).Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 2 == 1), messages.Where(message => message.Qos == Qos.ExactlyOnce).Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture)));
        Assert.Equal(new UserProperty("n", "v"), Assert.Single(messages[0].UserProperties));
    }

    [Fact]
    public async Task Publish_in_flight_at_the_end_of_a_run_goes_on_with_its_identifier()
    {
        using var folder = new TemporaryFolder();
        Action<MqttClientOptions> onDisk = o =>
        {
            o.Outbox = Outbox.OnDisk(folder.File("outbox.db"));
            o.ShutdownTimeout = TimeSpan.Zero;
        };
        ushort first, second;
        await using (var server = new ScriptedServer(onDisk))
        {
            var peer = await server.StartAsync();
            await server.Client.EnqueueAsync(new MqttMessage("a", "1") { Qos = Qos.ExactlyOnce });
            await server.Client.EnqueueAsync(new MqttMessage("a", "2") { Qos = Qos.ExactlyOnce });
            first = (await peer.ReadPacketAsync(PacketType.Publish)).PacketId;
            second = (await peer.ReadPacketAsync(PacketType.Publish)).PacketId;
            await peer.SendAsync(Given.Pubrec(first));
            await peer.ExpectAsync(Given.Pubrel(first));
        }

        await using (var server = new ScriptedServer(onDisk))
        {
            var peer = await server.StartAsync(connack => connack.SessionPresent());
            Assert.Equal(0, server.Connect.Bytes[9] & 0x02);
            await peer.ExpectAsync(Given.Pubrel(first), Given.Publish("a").Payload("2").Qos2(second).AsDuplicate());
        }
    }

    [Fact]
    public async Task Outbox_that_cannot_be_opened_closes_the_client_and_says_why()
    {
        await using var broker = new BrokerHost();
        await using var client = broker.Create("meter", o => o.Outbox = Outbox.OnDisk("/nowhere/outbox.db"));

        var error = await Assert.ThrowsAnyAsync<MqttException>(() => client.ConnectAsync());

        Assert.StartsWith("The outbox /nowhere/outbox.db cannot be opened", error.Message, StringComparison.Ordinal);
    }
}
