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

    /// <summary>The message's sequence number; it tells the Packet Identifier, and it grows from place to place.</summary>
    public long Sequence;

    public InflightState State;

    /// <summary>Whether PUBLISH or PUBREL went out on the present connection.</summary>
    public bool IsSent;

    public readonly ushort PacketId => (ushort)((Sequence % InflightWindow.PacketIdCount) + 1);
}

/// <summary>
/// The unacknowledged messages of a session in the order in which they were first sent. A message's sequence number gives it its Packet Identifier, so
/// that an identifier tells where its message is, and is the same again after a restart; one still in use is not given [MQTT-2.2.1-4]. The session's gate
/// guards it. A field, never copied.
/// </summary>
internal struct InflightWindow()
{
    /// <summary>1 to 65,535.</summary>
    public const int PacketIdCount = ushort.MaxValue;

    private const int PlacesMin = 4;

    private InflightMessage[] _items = [];
    private int _head;
    private long _end;

    /// <summary>Unacknowledged messages.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that were sent on the present connection: what counts against Receive Maximum.</summary>
    public int SentCount { get; private set; }

    /// <summary>Places to walk over, acknowledged ones between others included.</summary>
    public int Span { get; private set; }

    /// <summary>Whether the identifier of a sequence number belongs to a message in flight.</summary>
    public bool IsInUse(long sequence)
    {
        return Span > 0 && sequence - At(0).Sequence >= PacketIdCount && !Unsafe.IsNullRef(ref Find(PacketIdOf(sequence)));
    }

    /// <summary>Takes a place for a message that is sent now and returns its Packet Identifier, which must not be in use.</summary>
    public ushort Add(in OutboundMessage message)
    {
        ref var item = ref AddPlace(message.Sequence);
        item.Outbound = message;
        item.State = InflightState.Publish;
        item.IsSent = true;
        SentCount++;
        return item.PacketId;
    }

    /// <summary>Takes the place of a message which was in flight before the broker started.</summary>
    public void Restore(long sequence, in OutboundMessage message, InflightState state)
    {
        ref var item = ref AddPlace(sequence);
        item.Outbound = message;
        item.State = state;
    }

    /// <summary>Undoes <see cref="Add"/> for the newest message, which could not be sent after all.</summary>
    public void RemoveNewest()
    {
        At(--Span) = default;
        Count--;
        SentCount--;
    }

    /// <summary>The message with this identifier, or a null reference.</summary>
    public ref InflightMessage Find(ushort packetId)
    {
        if (packetId == 0 || Span == 0) return ref Unsafe.NullRef<InflightMessage>();

        // The latest time this identifier was given, and the times before.
        var back = (_end - packetId + PacketIdCount) % PacketIdCount;
        for (var sequence = _end - 1 - back; sequence >= At(0).Sequence; sequence -= PacketIdCount)
        {
            var place = PlaceOf(sequence);
            if (place >= 0 && At(place).State != InflightState.Done) return ref At(place);
        }

        return ref Unsafe.NullRef<InflightMessage>();
    }

    /// <summary>The message at a place, 0 being the oldest; it may be done.</summary>
    public ref InflightMessage At(int place) => ref _items[(_head + place) & (_items.Length - 1)];

    /// <summary>Ends the delivery of a message which <see cref="Find"/> or <see cref="At"/> found.</summary>
    public void Complete(ref InflightMessage item)
    {
        Count--;
        if (item.IsSent) SentCount--;

        item.State = InflightState.Done;
        item.Outbound = default;
        while (Span > 0 && At(0).State == InflightState.Done)
        {
            _head = (_head + 1) & (_items.Length - 1);
            Span--;
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
        for (var place = 0; place < Span; place++) At(place).IsSent = false;

        SentCount = 0;
    }

    /// <summary>The message with this sequence number, done ones included, or a null reference.</summary>
    public ref InflightMessage FindSequence(long sequence)
    {
        var place = Span == 0 ? -1 : PlaceOf(sequence);
        if (place < 0) return ref Unsafe.NullRef<InflightMessage>();

        return ref At(place);
    }

    private static ushort PacketIdOf(long sequence) => (ushort)((sequence % PacketIdCount) + 1);

    private ref InflightMessage AddPlace(long sequence)
    {
        if (Span == _items.Length) MakeRoom();

        ref var item = ref At(Span++);
        item = new InflightMessage { Sequence = sequence };
        _end = sequence + 1;
        Count++;
        return ref item;
    }

    /// <summary>The place of a sequence number, or -1. Mostly no number between it and the newest was passed over, and it is found at once.</summary>
    private int PlaceOf(long sequence)
    {
        var guess = Span - 1 - (At(Span - 1).Sequence - sequence);
        if (guess >= 0 && guess < Span && At((int)guess).Sequence == sequence) return (int)guess;

        int low = 0, high = Span - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = At(middle).Sequence;
            if (found == sequence) return middle;

            if (found < sequence) low = middle + 1;
            else high = middle - 1;
        }

        return -1;
    }

    /// <summary>Doubles the places, unless half of them are acknowledged messages between others: those are then left out.</summary>
    private void MakeRoom()
    {
        var items = new InflightMessage[Math.Max(PlacesMin, Count * 2 > _items.Length ? _items.Length * 2 : _items.Length)];
        var span = 0;
        for (var place = 0; place < Span; place++)
        {
            if (At(place).State != InflightState.Done) items[span++] = At(place);
        }

        _items = items;
        _head = 0;
        Span = span;
    }
}
