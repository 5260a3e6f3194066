using Avocet.Client.Connections;
using Avocet.Protocol;

namespace Avocet.Client.Receiving;

/// <summary>A received QoS 1 or 2 message until it is acknowledged.</summary>
internal class Delivery
{
    private int _isCompleted;

    protected Delivery(Acknowledger? acknowledger, ushort packetId, Qos qos, Link? link)
    {
        Acknowledger = acknowledger;
        PacketId = packetId;
        Qos = qos;
        Link = link;
    }

    public ushort PacketId { get; }

    public Qos Qos { get; }

    /// <summary>The connection through which it came, last. Under the gate.</summary>
    public Link? Link { get; set; }

    /// <summary>Whether it was handled, and may be acknowledged. Under the gate.</summary>
    public bool IsHandled { get; set; }

    /// <summary>Whether PUBREC was sent. Under the gate.</summary>
    public bool IsReceived { get; set; }

    /// <summary>What to acknowledge with. Under the gate.</summary>
    public ReasonCode Reason { get; set; }

    protected Acknowledger? Acknowledger { get; }

    public static Delivery Of(Acknowledger acknowledger, ushort packetId, Qos qos, Link link) => new(acknowledger, packetId, qos, link);

    /// <summary>It is handled. Only the first call counts.</summary>
    public void Complete(ReasonCode reason)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) == 0) OnCompleted(reason);
    }

    protected virtual void OnCompleted(ReasonCode reason) => Acknowledger!.OnHandled(this, reason);
}

/// <summary>One subscription's part of a message that several have to handle.</summary>
internal sealed class DeliveryShare : Delivery
{
    private readonly Delivery _whole;
    private readonly Countdown _left;

    private DeliveryShare(Delivery whole, Countdown left)
        : base(null, whole.PacketId, whole.Qos, null)
    {
        _whole = whole;
        _left = left;
    }

    public static Delivery[] Split(Delivery whole, int count)
    {
        var left = new Countdown { Count = count };
        var shares = new Delivery[count];
        for (var i = 0; i < count; i++) shares[i] = new DeliveryShare(whole, left);
        return shares;
    }

    protected override void OnCompleted(ReasonCode reason)
    {
        if (reason.IsError()) _left.Reason = reason;
        if (Interlocked.Decrement(ref _left.Count) == 0) _whole.Complete(_left.Reason);
    }

    private sealed class Countdown
    {
        public int Count;

        public ReasonCode Reason { get; set; }
    }
}
