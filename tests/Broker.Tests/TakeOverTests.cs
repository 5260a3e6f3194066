using System.Buffers;
using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>A client that comes back before the broker has read all that it sent over its former connection.</summary>
public sealed class TakeOverTests
{
    private static readonly byte[] Connect = Given.Client("c").Will("will", "gone").Encode();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_that_comes_back_loses_nothing_that_it_sent_before(bool saysGoodbye)
    {
        await using var broker = new TestBroker();
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("#"));
        var former = new BusyTransport(Connect);
        broker.Broker.Serve(former);
        former.Arrive(Encode(Given.Publish("a").Payload("1")), [.. Encode(Given.Publish("a").Payload("2")), .. saysGoodbye ? Encode(Given.Disconnect()) : []]);

        await broker.ConnectAsync(Given.Client("c"));

        await reader.ExpectAsync(Given.Publish("a").Payload("1"));
        await reader.ExpectAsync(Given.Publish("a").Payload("2"));
        // DISCONNECT came as well, and deletes the will. [MQTT-3.14.4-3]
        if (!saysGoodbye) await reader.ExpectAsync(Given.Publish("will").Payload("gone"));
        await reader.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.4-3")]
    public async Task Client_that_sends_on_and_on_is_taken_over_all_the_same()
    {
        await using var broker = new TestBroker();
        var former = new BusyTransport(Connect) { RepeatsForEver = true };
        broker.Broker.Serve(former);
        former.Arrive(Encode(Given.Pingreq()));

        await broker.ConnectAsync(Given.Client("c"));
        Assert.InRange(former.Reads, 2, 20);
    }

    [Fact]
    public async Task Half_a_packet_does_not_hold_up_who_takes_over()
    {
        await using var broker = new TestBroker();
        var former = new BusyTransport(Connect);
        broker.Broker.Serve(former);
        former.Arrive(Encode(Given.Publish("a").Payload("1"))[..^1]);

        await broker.ConnectAsync(Given.Client("c"));
    }

    private static byte[] Encode(PacketBuilder packet) => packet.Encode(ProtocolVersion.V50);

    /// <summary>Brings CONNECT. What arrives later the transport has had no time to tell of: only who looks finds it.</summary>
    private sealed class BusyTransport(byte[] connect) : TransportToNowhere
    {
        private readonly Queue<byte[]> _arrived = new([connect]);
        private IReadWaiter? _waiter;
        private bool _isCanceled;

        public bool RepeatsForEver { get; init; }

        public int Reads { get; private set; }

        public void Arrive(params byte[][] chunks)
        {
            foreach (var chunk in chunks) _arrived.Enqueue(chunk);
        }

        public override bool TryRead(IReadWaiter waiter, out ReadResult result)
        {
            result = default;
            if (Reads > 0 && !_isCanceled)
            {
                _waiter = waiter;
                return false;
            }

            Reads++;
            if (!_arrived.TryDequeue(out var bytes)) bytes = [];
            if (RepeatsForEver && Reads > 1) _arrived.Enqueue(bytes);

            result = new ReadResult(new ReadOnlySequence<byte>(bytes), _isCanceled, isCompleted: false);
            _isCanceled = false;
            return true;
        }

        public override void CancelPendingRead()
        {
            _isCanceled = true;
            var waiter = _waiter;
            _waiter = null;
            waiter?.OnReadable();
        }
    }
}
