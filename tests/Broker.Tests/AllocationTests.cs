using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>What a message costs the garbage collector, from the bytes that come to the bytes that go.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 200;
    private const int Stretches = 10;
    private const int MessagesARound = 50;

    [Theory, BothVersions]
    public async Task Publish_qos0_allocates_nothing_on_its_way(ProtocolVersion version)
    {
        await using var broker = Start();
        var (publisher, subscribers) = await ConnectAsync(broker, version, Qos.AtMostOnce);
        var publish = Given.Publish("a/b").Payload("22.5").Encode(version);
        byte[] packets = [.. Enumerable.Repeat(publish, MessagesARound).SelectMany(packet => packet)];

        // The first rounds fill pools and caches.
        var received = 0L;
        for (var round = 0; round < Rounds; round++) received += await ExchangeAsync(publisher, packets, subscribers);

        // What messages cost shows in every stretch. A buffer that a test beside this one took from the shared pool shows in one.
        received = 0;
        var leanest = long.MaxValue;
        for (var stretch = 0; stretch < Stretches; stretch++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var round = 0; round < Rounds / Stretches; round++) received += await ExchangeAsync(publisher, packets, subscribers);

            leanest = Math.Min(leanest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal((long)Rounds * MessagesARound * publish.Length * subscribers.Length, received);
        Assert.Equal(0, leanest);
        foreach (var end in subscribers.Append(publisher)) await end.Output.CompleteAsync();
    }

    /// <summary>A message that waits for acknowledgements is kept in one object, for all receivers; its topic name and payload are arrays.</summary>
    [Theory, BothVersions]
    public async Task Publish_qos1_allocates_its_message_once_for_all_receivers(ProtocolVersion version)
    {
        const int BytesMax = 250;
        await using var broker = Start();
        var (publisher, subscribers) = await ConnectAsync(broker, version, Qos.AtLeastOnce);
        byte[] packets = [.. Enumerable.Range(1, MessagesARound).SelectMany(id => Given.Publish("a/b").Payload("22.5").Qos1((ushort)id).Encode(version))];
        var acknowledgements = Enumerable.Repeat(Given.Puback(1).Encode(version), MessagesARound).SelectMany(packet => packet).ToArray();
        var sequence = 0;

        // The first rounds fill pools, caches and windows.
        for (var round = 0; round < Rounds; round++) await ExchangeAcknowledgedAsync();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < Rounds; round++) await ExchangeAcknowledgedAsync();

        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Rounds * MessagesARound);
        Assert.InRange(allocated, 1, BytesMax);
        foreach (var end in subscribers.Append(publisher)) await end.Output.CompleteAsync();

        async ValueTask ExchangeAcknowledgedAsync()
        {
            Assert.Equal((long)packets.Length * subscribers.Length, await ExchangeAsync(publisher, packets, subscribers));
            Assert.True(publisher.Input.TryRead(out var answers));
            Assert.Equal(acknowledgements.Length, answers.Buffer.Length);
            publisher.Input.AdvanceTo(answers.Buffer.End);

            // The broker's identifiers go from 1 to 65,535 and begin anew.
            for (var i = 0; i < MessagesARound; i++, sequence++) BinaryPrimitives.WriteUInt16BigEndian(acknowledgements.AsSpan((4 * i) + 2), (ushort)((sequence % ushort.MaxValue) + 1));
            foreach (var subscriber in subscribers)
            {
                acknowledgements.CopyTo(subscriber.Output.GetSpan(acknowledgements.Length));
                subscriber.Output.Advance(acknowledgements.Length);
                await subscriber.Output.FlushAsync();
            }
        }
    }

    /// <summary>What it takes to accept a connection and what it keeps, without the transport's own object. Idle connections are most of what many brokers have.</summary>
    [Fact]
    public async Task Connect_allocates_little()
    {
        const int Connections = 4000, BytesMax = 700;
        await using var broker = Start();
        var transports = Enumerable.Range(0, 2 * Connections).Select(number => new SilentTransport(Given.Client($"client-{number:0000}").Version(ProtocolVersion.V311).Encode())).ToArray();

        // The first ones fill pools and caches.
        foreach (var transport in transports[..Connections]) broker.Serve(transport);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var transport in transports.AsSpan(Connections)) broker.Serve(transport);

        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Connections;
        Assert.Equal(2 * Connections, broker.Context.Sessions.Count.Connected);
        Assert.InRange(allocated, 1, BytesMax);
    }

    private static MqttBroker Start()
    {
        var broker = new MqttBroker(new BrokerOptions { SysIntervalSeconds = 0 }, new BrokerServices { Scheduler = PipeScheduler.Inline });
        broker.Start();
        return broker;
    }

    /// <summary>A publisher, and two subscribers to what it publishes.</summary>
    private static async Task<(Transport Publisher, Transport[] Subscribers)> ConnectAsync(MqttBroker broker, ProtocolVersion version, Qos qos)
    {
        var subscribers = new[] { Open(broker), Open(broker) };
        foreach (var (subscriber, name) in subscribers.Zip(["s1", "s2"]))
        {
            await SendAsync(subscriber, Given.Client(name).Version(version).Encode());
            await SendAsync(subscriber, Given.Subscribe(1).Filter("a/+", qos).Encode(version));
        }

        var publisher = Open(broker);
        await SendAsync(publisher, Given.Client("p").Version(version).Encode());
        return (publisher, subscribers);
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

    /// <summary>Brings one packet and nothing more.</summary>
    private sealed class SilentTransport(byte[] packet) : TransportToNowhere
    {
        private bool _isRead;

        public override bool TryRead(IReadWaiter waiter, out ReadResult result)
        {
            result = new ReadResult(new ReadOnlySequence<byte>(packet), isCanceled: false, isCompleted: false);
            return !_isRead && (_isRead = true);
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
