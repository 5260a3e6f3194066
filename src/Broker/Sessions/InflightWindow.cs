using System.Runtime.CompilerServices;

namespace Avocet.Broker.Sessions;

/// <summary>How far the delivery of an in-flight message has come.</summary>
internal enum InflightState : byte
{
    /// <summary>Acknowledged; the place is free once it is the oldest.</summary>
    Done,

    /// <summary>PUBLISH was sent, on this connection or an earlier one.</summary>
    Publish,

    /// <summary>PUBREC came and PUBREL was sent; the message itself is gone. [MQTT-4.3.3-6]</summary>
    Pubrel,
}

/// <summary>One message in flight.</summary>
internal struct InflightMessage
{
    /// <summary>The message; default once only PUBREL is outstanding.</summary>
    public OutboundMessage Outbound;

    public InflightState State;

    /// <summary>Whether PUBLISH or PUBREL went out on the present connection.</summary>
    public bool IsSent;
}

/// <summary>
/// The unacknowledged messages of a session in the order in which they were first sent. Packet identifiers are given in that order too, so an
/// identifier tells its place; that is also why one is never used twice at a time. [MQTT-2.2.1-4] The session's gate guards it.
/// </summary>
internal sealed class InflightWindow
{
    /// <summary>Places between the oldest unacknowledged message and the newest: as many as there are identifiers.</summary>
    private const int SpanMax = ushort.MaxValue;

    private InflightMessage[] _items = new InflightMessage[4];
    private int _head;
    private int _span;
    private ushort _headPacketId = 1;

    /// <summary>Unacknowledged messages.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that were sent on the present connection: what counts against Receive Maximum.</summary>
    public int SentCount { get; private set; }

    /// <summary>Places to walk over, acknowledged ones between others included.</summary>
    public int Span => _span;

    /// <summary>
    /// Whether an identifier is free. A client that leaves one message unacknowledged while 65,534 later ones went through gets no more until it
    /// acknowledges it.
    /// </summary>
    public bool HasFreePacketId => _span < SpanMax;

    /// <summary>Takes a place for a message that is sent now and returns its Packet Identifier.</summary>
    public ushort Add(in OutboundMessage message)
    {
        if (_span == _items.Length) Grow();

        ref var item = ref At(_span);
        item.Outbound = message;
        item.State = InflightState.Publish;
        item.IsSent = true;
        Count++;
        SentCount++;
        return PacketIdAt(_span++);
    }

    /// <summary>Undoes <see cref="Add"/> for the newest message, which could not be sent after all.</summary>
    public void RemoveNewest()
    {
        _span--;
        At(_span) = default;
        Count--;
        SentCount--;
    }

    /// <summary>The message with this identifier, or a null reference.</summary>
    public ref InflightMessage Find(ushort packetId)
    {
        var place = packetId - _headPacketId;
        if (place < 0) place += SpanMax;
        if (packetId == 0 || place >= _span) return ref Unsafe.NullRef<InflightMessage>();

        ref var item = ref At(place);
        if (item.State == InflightState.Done) return ref Unsafe.NullRef<InflightMessage>();

        return ref item;
    }

    /// <summary>The message at a place, 0 being the oldest; it may be done.</summary>
    public ref InflightMessage At(int place) => ref _items[(_head + place) & (_items.Length - 1)];

    public ushort PacketIdAt(int place) => (ushort)(((_headPacketId - 1 + place) % SpanMax) + 1);

    /// <summary>Ends the delivery of a message which <see cref="Find"/> found.</summary>
    public void Complete(ref InflightMessage item)
    {
        Count--;
        if (item.IsSent) SentCount--;

        item = default;
        while (_span > 0 && At(0).State == InflightState.Done)
        {
            _head = (_head + 1) & (_items.Length - 1);
            _headPacketId = PacketIdAt(1);
            _span--;
        }
    }

    /// <summary>Counts a message as sent on the present connection.</summary>
    public void MarkSent(ref InflightMessage item)
    {
        if (item.IsSent) return;

        item.IsSent = true;
        SentCount++;
    }

    /// <summary>The connection is gone: everything has to be sent again on the next one.</summary>
    public void MarkAllUnsent()
    {
        for (var place = 0; place < _span; place++) At(place).IsSent = false;

        SentCount = 0;
    }

    private void Grow()
    {
        var items = new InflightMessage[_items.Length * 2];
        for (var place = 0; place < _span; place++) items[place] = At(place);

        _items = items;
        _head = 0;
    }
}
