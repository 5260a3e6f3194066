using System.Runtime.CompilerServices;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Protocol;
using BenchmarkDotNet.Attributes;

namespace Avocet.Micro;

/// <summary>What a session does with a QoS 1 message: keep it, queue it, have it in flight until it is acknowledged.</summary>
public class SessionBenchmarks
{
    /// <summary>Others that are queued or in flight meanwhile.</summary>
    private const int Others = 100;

    private readonly MessageQueue _queue = new();
    private readonly InflightWindow _window = new();
    private readonly byte[] _payload = new byte[64];
    private Message _message = null!;
    private long _sequence;

    [GlobalSetup]
    public void Setup()
    {
        _message = MakeMessage();
        for (var i = 0; i < Others; i++)
        {
            _queue.Enqueue(Outbound(i));
            _window.Add(Outbound(_sequence++));
        }
    }

    [Benchmark]
    public object Keep() => MakeMessage();

    [Benchmark]
    public bool QueueAndTake()
    {
        _queue.Enqueue(Outbound(0));
        return _queue.TryDequeue(out _);
    }

    [Benchmark]
    public bool SendAndAcknowledge()
    {
        _window.Add(Outbound(_sequence++));

        // The oldest is acknowledged, as by a client that acknowledges in order.
        var oldest = _window.At(0).PacketId;
        ref var item = ref _window.Find(oldest);
        if (Unsafe.IsNullRef(ref item)) return false;

        _window.Complete(ref item);
        return true;
    }

    private Message MakeMessage() => new(new Publication("plant/line7/machine12/temperature"u8, default, _payload) { Qos = Qos.AtLeastOnce });

    private OutboundMessage Outbound(long sequence) => new(_message, Qos.AtLeastOnce, false, null, null) { Sequence = sequence };
}
