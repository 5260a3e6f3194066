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

    /// <summary>What counts a packet that came. A PUBLISH has a counter for its QoS, so that each takes one addition; <see cref="Get"/> puts them together.</summary>
    public static Counter ReceivedCounterOf(in FixedHeader header)
    {
        if (header.Type != PacketType.Publish) return ReceivedCounterOf(header.Type);

        return ((header.Flags >> 1) & 3) switch
        {
            (int)Qos.AtLeastOnce => Counter.ReceivedAtLeastOnce,
            (int)Qos.ExactlyOnce => Counter.ReceivedExactlyOnce,
            _ => ReceivedCounterOf(PacketType.Publish),
        };
    }

    public static Counter SentCounterOf(PacketType type) => Counter.Sent + (int)type;

    public void Add(Counter counter, long count = 1) => Interlocked.Add(ref _stripes[Stripe + (int)counter], count);

    /// <summary>Counts one PUBLISH sent.</summary>
    public void AddPublishSent(int packetSize, int payloadSize, Qos qos)
    {
        var stripe = Stripe;
        var counter = qos switch
        {
            Qos.AtLeastOnce => Counter.SentAtLeastOnce,
            Qos.ExactlyOnce => Counter.SentExactlyOnce,
            _ => SentCounterOf(PacketType.Publish),
        };
        Interlocked.Increment(ref _stripes[stripe + (int)counter]);
        Interlocked.Add(ref _stripes[stripe + (int)Counter.BytesSent], packetSize);
        Interlocked.Add(ref _stripes[stripe + (int)Counter.PublishBytesSent], payloadSize);
    }

    /// <summary>What was counted; of PUBLISH packets those of every QoS.</summary>
    public long Get(Counter counter)
    {
        if (counter == ReceivedCounterOf(PacketType.Publish)) return Sum(counter) + Sum(Counter.ReceivedAtLeastOnce) + Sum(Counter.ReceivedExactlyOnce);
        if (counter == SentCounterOf(PacketType.Publish)) return Sum(counter) + Sum(Counter.SentAtLeastOnce) + Sum(Counter.SentExactlyOnce);

        return Sum(counter);
    }

    private long Sum(Counter counter)
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
