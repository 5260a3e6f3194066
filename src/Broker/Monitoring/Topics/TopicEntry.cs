namespace Avocet.Broker.Monitoring.Topics;

/// <summary>What is known of one topic. The gate of the <see cref="TopicStatistics"/> guards it.</summary>
internal sealed class TopicEntry(string topic)
{
    public const int PublishersMax = 10;

    /// <summary>The time that the rates are averaged over.</summary>
    private const double AverageMilliseconds = 10_000;

    private readonly List<string> _publishers = [];
    private double _messageRate;
    private double _byteRate;
    private long _ratedAt;

    public string Topic => topic;

    public TopicFigures Figures { get; private set; }

    public int LastBytes { get; private set; }

    /// <summary>When messages come.</summary>
    public Rhythm Rhythm = Rhythm.Unheard;

    /// <summary>Its place among all, the one that was not seen for the longest first.</summary>
    public LinkedListNode<TopicEntry>? Place { get; set; }

    /// <summary>The clients that published to it, the latest last.</summary>
    public IReadOnlyList<string> Publishers => _publishers;

    /// <summary>Takes what a sweep found. True when it was silent until then.</summary>
    public bool Add(in TopicFigures added, int lastBytes, string? publisherId, long at, long now, long period)
    {
        Figures += added;
        LastBytes = lastBytes;
        Settle(now, period);
        var share = 1 - Math.Exp(-period / AverageMilliseconds);
        _messageRate += share * added.MessagesIn * 1000.0 / period;
        _byteRate += share * added.BytesIn * 1000.0 / period;
        if (publisherId is not null) NotePublisher(publisherId);

        return Rhythm.Hear(at);
    }

    /// <summary>Messages and bytes a second, averaged over about ten seconds.</summary>
    public (double Messages, double Bytes) RatesAt(long now)
    {
        var keep = Math.Exp(-Math.Max(0, now - _ratedAt) / AverageMilliseconds);
        return (_messageRate * keep, _byteRate * keep);
    }

    private void Settle(long now, long period)
    {
        // Of several publishers in one sweep the first one lets it fade.
        var since = now - _ratedAt;
        if (since <= 0) return;

        var keep = Math.Exp(-since / AverageMilliseconds);
        _messageRate *= keep;
        _byteRate *= keep;
        _ratedAt = now;
    }

    private void NotePublisher(string publisherId)
    {
        if (_publishers.Count > 0 && ReferenceEquals(_publishers[^1], publisherId)) return;

        _publishers.Remove(publisherId);
        if (_publishers.Count == PublishersMax) _publishers.RemoveAt(0);
        _publishers.Add(publisherId);
    }
}
