using System.Runtime.CompilerServices;

namespace Avocet.Broker.Monitoring.Topics;

/// <summary>
/// Counts the messages of one publisher to one topic. The publisher's read loop adds, and nobody else; the sweep reads. The numbers only go up, so that neither waits for
/// the other.
/// </summary>
/// <param name="statistics">Where it is listed.</param>
/// <param name="topicName">The Topic Name.</param>
/// <param name="publisherId">The publisher.</param>
/// <param name="weight">For how many messages the first one stands.</param>
internal sealed class TopicTally(TopicStatistics statistics, byte[] topicName, string? publisherId, int weight)
{
    private long _messages;
    private long _bytes;
    private long _messagesOut;
    private long _bytesOut;
    private long _lastAt;
    private int _lastBytes;
    private int _weight = weight;
    private bool _isListed;
    private TopicFigures _swept;

    public byte[] TopicName => topicName;

    public string? PublisherId => publisherId;

    /// <summary>The next in the list of those that wait to be swept for the first time.</summary>
    public TopicTally? Next { get; set; }

    /// <summary>The topic's statistics, once they were looked up. Belongs to the sweep.</summary>
    public TopicEntry? Entry { get; set; }

    /// <summary>Whether each sweep looks at it. Belongs to the sweep.</summary>
    public bool IsActive { get; set; }

    /// <summary>When the last message came, in milliseconds of the clock.</summary>
    public long LastAt => Volatile.Read(ref _lastAt);

    /// <summary>Bytes of the last payload.</summary>
    public int LastBytes => Volatile.Read(ref _lastBytes);

    /// <summary>Counts a message.</summary>
    /// <param name="size">Bytes of topic, properties and payload.</param>
    /// <param name="payloadSize">Bytes of the payload alone.</param>
    /// <param name="matched">Sessions it went to.</param>
    /// <param name="now">The time in milliseconds of the clock.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(int size, int payloadSize, int matched, long now)
    {
        long count = _weight;
        _weight = 1;
        _bytes += size * count;
        _messagesOut += matched * count;
        _bytesOut += size * matched * count;
        _lastBytes = payloadSize;
        _lastAt = now;
        Volatile.Write(ref _messages, _messages + count);
        if (!Volatile.Read(ref _isListed)) List();
    }

    /// <summary>What was counted since it was last asked. Belongs to the sweep.</summary>
    public TopicFigures TakeNew()
    {
        var messages = Volatile.Read(ref _messages);
        var all = new TopicFigures(messages, Volatile.Read(ref _bytes), Volatile.Read(ref _messagesOut), Volatile.Read(ref _bytesOut));
        var added = all - _swept;
        _swept = all;
        return added;
    }

    /// <summary>Lets it be listed again when it counts. A barrier has to follow before it is looked at for the last time.</summary>
    public void Unlist() => Volatile.Write(ref _isListed, false);

    private void List()
    {
        _isListed = true;
        statistics.List(this);
    }
}

/// <summary>What went through the broker on a topic: messages and their bytes (topic, properties and payload) from publishers, and to subscribers.</summary>
internal readonly record struct TopicFigures(long MessagesIn, long BytesIn, long MessagesOut, long BytesOut)
{
    public static TopicFigures operator +(TopicFigures one, TopicFigures other) =>
        new(one.MessagesIn + other.MessagesIn, one.BytesIn + other.BytesIn, one.MessagesOut + other.MessagesOut, one.BytesOut + other.BytesOut);

    public static TopicFigures operator -(TopicFigures one, TopicFigures other) =>
        new(one.MessagesIn - other.MessagesIn, one.BytesIn - other.BytesIn, one.MessagesOut - other.MessagesOut, one.BytesOut - other.BytesOut);
}
