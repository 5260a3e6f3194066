using System.Numerics;
using Avocet.Protocol;

namespace Avocet.Broker.Monitoring;

/// <summary>Counters of the whole broker. Each processor adds to its own stripe, so that they do not contend for one cache line.</summary>
internal sealed class Statistics
{
    /// <summary>A multiple of 8 longs, one cache line.</summary>
    private const int Stride = ((int)Counter.Count + 7) / 8 * 8;

    private readonly long[] _stripes = new long[Stride * StripeCount];

    private static int StripeCount { get; } = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(64, Environment.ProcessorCount));

    public static Counter ReceivedCounterOf(PacketType type) => Counter.Received + (int)type;

    public static Counter SentCounterOf(PacketType type) => Counter.Sent + (int)type;

    public void Add(Counter counter, long count = 1) => Interlocked.Add(ref _stripes[Stripe + (int)counter], count);

    /// <summary>Counts one PUBLISH sent.</summary>
    public void AddPublishSent(int packetSize, int payloadSize, Qos qos)
    {
        var stripe = Stripe;
        // What is sent at QoS 0 is the rest.
        if (qos != Qos.AtMostOnce) Interlocked.Increment(ref _stripes[stripe + (int)(qos == Qos.AtLeastOnce ? Counter.SentAtLeastOnce : Counter.SentExactlyOnce)]);
        Interlocked.Increment(ref _stripes[stripe + (int)Counter.Sent + (int)PacketType.Publish]);
        Interlocked.Add(ref _stripes[stripe + (int)Counter.BytesSent], packetSize);
        Interlocked.Add(ref _stripes[stripe + (int)Counter.PublishBytesSent], payloadSize);
    }

    public long Get(Counter counter)
    {
        var sum = 0L;
        for (var stripe = 0; stripe < StripeCount; stripe++) sum += Volatile.Read(ref _stripes[(stripe * Stride) + (int)counter]);

        return sum;
    }

    /// <summary>The sum over all packet types of <see cref="Counter.Received"/> or <see cref="Counter.Sent"/>.</summary>
    public long GetPackets(Counter direction)
    {
        var sum = 0L;
        for (var type = PacketType.Connect; type <= PacketType.Auth; type++) sum += Get(direction + (int)type);

        return sum;
    }

    private static int Stripe => (Thread.GetCurrentProcessorId() & (StripeCount - 1)) * Stride;
}
