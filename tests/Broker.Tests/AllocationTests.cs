using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>What a message costs the garbage collector, from the bytes that come to the bytes that go.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 200;
    private const int MessagesARound = 50;

    [Theory, BothVersions]
    public async Task Publish_qos0_allocates_nothing_on_its_way(ProtocolVersion version)
    {
        await using var broker = new MqttBroker(new BrokerOptions { SysIntervalSeconds = 0 }, new BrokerServices { Scheduler = PipeScheduler.Inline });
        broker.Start();
        var subscribers = new[] { Open(broker), Open(broker) };
        var publisher = Open(broker);
        foreach (var (subscriber, name) in subscribers.Zip(["s1", "s2"]))
        {
            await SendAsync(subscriber, Given.Client(name).Version(version).Encode());
            await SendAsync(subscriber, Given.Subscribe(1).Filter("a/+").Encode(version));
        }

        await SendAsync(publisher, Given.Client("p").Version(version).Encode());
        var publish = Given.Publish("a/b").Payload("22.5").Encode(version);
        byte[] packets = [.. Enumerable.Repeat(publish, MessagesARound).SelectMany(packet => packet)];

        // The first rounds fill pools and caches.
        var received = 0L;
        for (var round = 0; round < Rounds; round++) received += await ExchangeAsync(publisher, packets, subscribers);

        received = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++) received += await ExchangeAsync(publisher, packets, subscribers);

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((long)Rounds * MessagesARound * publish.Length * subscribers.Length, received);
        Assert.Equal(0, allocated);
        foreach (var end in subscribers.Append(publisher)) await end.Output.CompleteAsync();
    }

    /// <summary>The client's end of a connection: what it sends is handled on its own stack.</summary>
    private static Transport Open(MqttBroker broker)
    {
        var options = new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);
        Pipe toBroker = new(options), toClient = new(options);
        _ = broker.RunConnectionAsync(new Transport(toBroker.Reader, toClient.Writer), new ConnectionOrigin { Listener = TestBroker.OpenListener });
        return new Transport(toClient.Reader, toBroker.Writer);
    }

    /// <summary>Sends, and reads away what the broker answers.</summary>
    private static async Task SendAsync(Transport end, byte[] packet)
    {
        await end.Output.WriteAsync(packet);
        var result = await end.Input.ReadAsync();
        end.Input.AdvanceTo(result.Buffer.End);
    }

    /// <summary>Goes on without a wait, on the caller's thread.</summary>
    private static async ValueTask<long> ExchangeAsync(Transport publisher, byte[] packets, Transport[] subscribers)
    {
        packets.CopyTo(publisher.Output.GetSpan(packets.Length));
        publisher.Output.Advance(packets.Length);
        await publisher.Output.FlushAsync();
        var received = 0L;
        foreach (var subscriber in subscribers)
        {
            Assert.True(subscriber.Input.TryRead(out var result));
            received += result.Buffer.Length;
            subscriber.Input.AdvanceTo(result.Buffer.End);
        }

        return received;
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
