using Avocet.Client.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Client.Receiving;

/// <summary>
/// Acknowledges what was received, in the order in which it came [MQTT-4.6.0-2] [MQTT-4.6.0-3], and knows which QoS 2 messages are under way.
/// </summary>
internal sealed class Acknowledger(Lock gate)
{
    private readonly Queue<Delivery> _qos1 = [];
    private readonly Queue<Delivery> _qos2 = [];
    private readonly Dictionary<ushort, Delivery> _exactlyOnce = [];
    private Link? _link;

    /// <summary>Called under the gate after something was acknowledged.</summary>
    public Action? OnAcknowledged { get; set; }

    /// <summary>Messages that the broker takes for not acknowledged. Under the gate.</summary>
    public int Unacknowledged => _qos1.Count + _exactlyOnce.Count;

    /// <summary>Under the gate.</summary>
    public void Resume(Link link, bool isSessionPresent)
    {
        // QoS 1 messages of the former connection come again; QoS 2 ones too, but are known.
        _link = link;
        _qos1.Clear();
        _qos2.Clear();
        if (!isSessionPresent) _exactlyOnce.Clear();
    }

    /// <summary>Under the gate.</summary>
    public void Suspend() => _link = null;

    /// <summary>
    /// A QoS 2 message begins; null when it was delivered before, and is only to be acknowledged. [MQTT-4.3.3-10] Under the gate.
    /// </summary>
    public Delivery? BeginQos2(ushort packetId, Link link)
    {
        if (!_exactlyOnce.TryGetValue(packetId, out var known))
        {
            var delivery = Delivery.Of(this, packetId, Qos.ExactlyOnce, link);
            _exactlyOnce.Add(packetId, delivery);
            _qos2.Enqueue(delivery);
            return delivery;
        }

        // Twice on one connection: it is in the queue, or was answered.
        if (known.Link == link && !known.IsReceived) return null;

        known.Link = link;
        known.IsReceived = false;
        _qos2.Enqueue(known);
        Drain();
        return null;
    }

    /// <summary>Under the gate.</summary>
    public Delivery BeginQos1(ushort packetId, Link link)
    {
        var delivery = Delivery.Of(this, packetId, Qos.AtLeastOnce, link);
        _qos1.Enqueue(delivery);
        return delivery;
    }

    /// <summary>A QoS 1 message that nobody has to handle first; false where its acknowledgement has to wait for others. Under the gate.</summary>
    public bool TryAcknowledgeAtOnce(ushort packetId, Link link)
    {
        if (_qos1.Count > 0) return false;

        link.Write(new AcknowledgementPacket { Type = PacketType.Puback, PacketId = packetId });
        return true;
    }

    /// <summary>Answers PUBREL. [MQTT-4.3.3-11] Under the gate.</summary>
    public void OnPubrel(ushort packetId, Link link)
    {
        var isKnown = _exactlyOnce.Remove(packetId);
        link.Write(new AcknowledgementPacket { Type = PacketType.Pubcomp, PacketId = packetId, Reason = isKnown ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound });
    }

    /// <summary>A message was handled. By any thread.</summary>
    public void OnHandled(Delivery delivery, ReasonCode reason)
    {
        lock (gate)
        {
            delivery.IsHandled = true;
            delivery.Reason = reason;

            // Its identifier may mean another message by now; what is not acknowledged comes again.
            if (_link is null || delivery.Link != _link) return;

            Drain();
            _link.RequestFlush();
        }
    }

    private void Drain()
    {
        while (_qos1.TryPeek(out var next) && next.IsHandled) Acknowledge(_qos1.Dequeue(), PacketType.Puback);
        while (_qos2.TryPeek(out var next) && next.IsHandled) Acknowledge(_qos2.Dequeue(), PacketType.Pubrec);
    }

    private void Acknowledge(Delivery delivery, PacketType type)
    {
        delivery.IsReceived = true;
        _link!.Write(new AcknowledgementPacket { Type = type, PacketId = delivery.PacketId, Reason = delivery.Reason });

        // An error ends the exchange: the identifier means a new message from now on. [MQTT-4.3.3-9]
        if (type == PacketType.Pubrec && delivery.Reason.IsError()) _exactlyOnce.Remove(delivery.PacketId);
        OnAcknowledged?.Invoke();
    }
}
