using System.Diagnostics.CodeAnalysis;
using Avocet.Protocol;

namespace Avocet.Broker.Sessions;

/// <summary>The messages that wait for a session, first in first out. The session's gate guards it; the session enforces its limits.</summary>
internal sealed class MessageQueue
{
    private OutboundMessage[] _items = new OutboundMessage[4];
    private int _head;

    public int Count { get; private set; }

    /// <summary>Those of them at QoS 0.</summary>
    public int AtMostOnceCount { get; private set; }

    /// <summary>Bytes of all messages; one that several sessions share counts in each.</summary>
    public long Bytes { get; private set; }

    public void Enqueue(in OutboundMessage message)
    {
        if (Count == _items.Length) Resize(Count * 2);

        _items[(_head + Count) & (_items.Length - 1)] = message;
        Count++;
        if (message.Qos == Qos.AtMostOnce) AtMostOnceCount++;
        Bytes += message.Message.Size;
    }

    public bool TryPeek([MaybeNullWhen(false)] out OutboundMessage message)
    {
        message = Count == 0 ? default : _items[_head];
        return Count > 0;
    }

    /// <summary>The first messages, in their order.</summary>
    public OutboundMessage[] Peek(int max)
    {
        var first = new OutboundMessage[Math.Min(max, Count)];
        for (var i = 0; i < first.Length; i++) first[i] = _items[(_head + i) & (_items.Length - 1)];

        return first;
    }

    public bool TryDequeue([MaybeNullWhen(false)] out OutboundMessage message)
    {
        if (!TryPeek(out message)) return false;

        _items[_head] = default;
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        if (message.Qos == Qos.AtMostOnce) AtMostOnceCount--;
        Bytes -= message.Message.Size;

        // An empty queue gives back what a burst made it take.
        if (Count == 0 && _items.Length > 64) Resize(4);
        return true;
    }

    /// <summary>Takes a message out of the middle; false when it is not there.</summary>
    public bool Remove(long sequence)
    {
        var found = false;
        for (var left = Count; left > 0; left--)
        {
            TryDequeue(out var message);
            if (message.Sequence == sequence) found = true;
            else Enqueue(message);
        }

        return found;
    }

    private void Resize(int capacity)
    {
        var items = new OutboundMessage[capacity];
        for (var i = 0; i < Count; i++) items[i] = _items[(_head + i) & (_items.Length - 1)];

        _items = items;
        _head = 0;
    }
}
