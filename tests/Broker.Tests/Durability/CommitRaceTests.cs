using System.IO.Pipelines;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>Commits on a thread of their own, which end at every moment in which somebody begins to wait for them.</summary>
public sealed class CommitRaceTests
{
    private const int Pairs = 4;
    private const int Exchanges = 3000;

    [Fact(Timeout = 120_000)]
    public async Task Whoever_waits_for_a_commit_is_told()
    {
        var services = new BrokerServices { Store = new MemoryStore(), StoreScheduler = PipeScheduler.ThreadPool };
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0 }, services);
        var pairs = new List<Task>();
        for (var number = 0; number < Pairs; number++)
        {
            var topic = $"t/{number}";
            var receiver = await broker.ConnectAsync(Given.Client($"r{number}").Persistent());
            var sender = await broker.ConnectAsync(Given.Client($"s{number}").Persistent());
            pairs.Add(Task.Run(() => ExchangeAsync(receiver, sender, topic), TestContext.Current.CancellationToken));
        }

        await Task.WhenAll(pairs);
    }

    /// <summary>Nothing else happens for these two clients: if one step is forgotten, nothing brings it about later.</summary>
    private static async Task ExchangeAsync(TestPeer receiver, TestPeer sender, string topic)
    {
        await receiver.SendAsync(Given.Subscribe(1).Filter(topic, Qos.ExactlyOnce));
        await receiver.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos2));
        for (var i = 0; i < Exchanges; i++)
        {
            await sender.SendAsync(Given.Publish(topic).Payload($"{i}").Qos2(1));
            await sender.ExpectAsync(Given.Pubrec(1));
            var message = await receiver.ExpectAsync(Given.Publish(topic).Payload($"{i}").Qos2());
            await receiver.SendAsync(Given.Pubrec(message.PacketId));
            await receiver.ExpectAsync(Given.Pubrel(message.PacketId));
            await receiver.SendAsync(Given.Pubcomp(message.PacketId));
            await sender.SendAsync(Given.Pubrel(1));
            await sender.ExpectAsync(Given.Pubcomp(1));
        }
    }
}
