using System.Runtime.CompilerServices;
using Avocet.Protocol;

namespace Avocet.Broker.Monitoring;

/// <summary>
/// Counters of the whole broker. Each thread adds to a stripe of its own, without an atomic operation: about ten of them for each QoS 1 message took a tenth of
/// the time it takes.
/// </summary>
internal sealed class Statistics
{
    [ThreadStatic]
    private static Stripe? _last;

    private readonly Lock _gate = new();

    /// <summary>One for each thread that counted, and lives; replaced, never changed.</summary>
    private Stripe[] _stripes = [];

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

    /// <summary>What counts the bytes of a payload that came. There is one for each QoS, so that each takes one addition.</summary>
    public static Counter ReceivedPayloadCounterOf(Qos qos) => Counter.PublishBytesReceived + (int)qos;

    public static Counter SentPayloadCounterOf(Qos qos) => Counter.PublishBytesSent + (int)qos;

    public void Add(Counter counter, long count = 1) => GetMine().Add(counter, count);

    /// <summary>Counts one PUBLISH sent.</summary>
    public void AddPublishSent(int packetSize, int payloadSize, Qos qos)
    {
        var mine = GetMine();
        var counter = qos switch
        {
            Qos.AtLeastOnce => Counter.SentAtLeastOnce,
            Qos.ExactlyOnce => Counter.SentExactlyOnce,
            _ => SentCounterOf(PacketType.Publish),
        };
        mine.Add(counter, 1);
        mine.Add(Counter.BytesSent, packetSize);
        mine.Add(SentPayloadCounterOf(qos), payloadSize);
    }

    /// <summary>What was counted; of PUBLISH packets those of every QoS.</summary>
    public long Get(Counter counter)
    {
        if (counter == ReceivedCounterOf(PacketType.Publish)) return Sum(counter) + Sum(Counter.ReceivedAtLeastOnce) + Sum(Counter.ReceivedExactlyOnce);
        if (counter == SentCounterOf(PacketType.Publish)) return Sum(counter) + Sum(Counter.SentAtLeastOnce) + Sum(Counter.SentExactlyOnce);

        return Sum(counter);
    }

    /// <summary>The sum over all packet types of <see cref="Counter.Received"/> or <see cref="Counter.Sent"/>.</summary>
    public long GetPackets(Counter direction)
    {
        var sum = 0L;
        for (var type = PacketType.Connect; type <= PacketType.Auth; type++) sum += Get(direction + (int)type);

        return sum;
    }

    private long Sum(Counter counter)
    {
        var sum = 0L;
        foreach (var stripe in Volatile.Read(ref _stripes)) sum += stripe.Get(counter);

        return sum;
    }

    private Stripe GetMine() => _last is { } stripe && stripe.Owner == this ? stripe : FindMine();

    private Stripe FindMine()
    {
        var thread = Thread.CurrentThread;
        lock (_gate)
        {
            // What a thread that has ended counted still counts, and whoever comes next goes on with it.
            var mine = Array.Find(_stripes, stripe => stripe.Thread == thread) ?? Array.Find(_stripes, stripe => !stripe.Thread.IsAlive);
            if (mine is null)
            {
                mine = new Stripe(this);
                Volatile.Write(ref _stripes, [.. _stripes, mine]);
            }

            mine.Thread = thread;
            return _last = mine;
        }
    }

    /// <summary>What one thread counts; the others only read it.</summary>
    private sealed class Stripe(Statistics owner)
    {
        private Values _values;

        public Statistics Owner => owner;

        /// <summary>Guarded by the owner's gate.</summary>
        public Thread Thread { get; set; } = Thread.CurrentThread;

        public void Add(Counter counter, long count)
        {
            ref var value = ref _values[(int)counter];
            Volatile.Write(ref value, value + count);
        }

        public long Get(Counter counter) => Volatile.Read(ref _values[(int)counter]);
    }

    /// <summary>A cache line longer than the counters, so that two stripes never share one.</summary>
    [InlineArray((int)Counter.Count + 8)]
    private struct Values
    {
        private long _first;
    }
}
