using System.Text;
using Avocet.Broker.Monitoring.Topics;

namespace Avocet.Broker.Inspection;

/// <summary>What goes over which topic, and who has fallen silent. Everything is empty where <see cref="BrokerOptions.TopicStatisticsMax"/> is 0.</summary>
public sealed class TopicInspector
{
    private readonly BrokerContext _context;

    internal TopicInspector(BrokerContext context) => _context = context;

    /// <summary>Whether topics are counted at all.</summary>
    public bool IsOn => _context.Topics is not null;

    /// <summary>Topics and clients that are silent.</summary>
    public int SilentCount => _context.Topics?.SilentCount ?? 0;

    /// <summary>One level of the tree of topics, in no order.</summary>
    /// <param name="parent">The levels above; null for the first level.</param>
    public IReadOnlyCollection<TopicLevel> ListLevels(string? parent)
    {
        var prefix = parent is null ? "" : parent + "/";
        var levels = new Dictionary<string, TopicLevel>();
        foreach (var reading in _context.Topics?.Read() ?? [])
        {
            if (!reading.Topic.StartsWith(prefix, StringComparison.Ordinal)) continue;

            var slash = reading.Topic.IndexOf('/', prefix.Length);
            var level = slash < 0 ? reading.Topic[prefix.Length..] : reading.Topic[prefix.Length..slash];
            var known = levels.TryGetValue(level, out var found) ? found : new TopicLevel(level, prefix + level);
            levels[level] = Add(known, reading, isItself: slash < 0);
        }

        return levels.Values;
    }

    /// <summary>All topics, or those whose names contain a text in any case, in no order.</summary>
    public IEnumerable<TopicInfo> List(string? text = null) =>
        (_context.Topics?.Read() ?? []).Where(reading => text is null || reading.Topic.Contains(text, StringComparison.OrdinalIgnoreCase)).Select(reading => Describe(reading, []));

    /// <summary>One topic; null where nothing was published to it, or it was forgotten for others.</summary>
    public TopicInfo? Find(string topic) => _context.Topics?.Find(topic) is { } found ? Describe(found.Reading, found.Publishers) : null;

    /// <summary>Who is silent: first topics, then clients.</summary>
    public IReadOnlyList<SilentInfo> ListSilent() =>
        [.. (_context.Topics?.ReadSilent() ?? []).Select(one => new SilentInfo(one.IsClient, one.Name, TimeOf(one.Rhythm.LastAt)!.Value, TimeSpan.FromMilliseconds(one.Rhythm.Interval)))];

    /// <summary>Forgets topics and clients that are gone for good, and would seem silent. Whoever is heard of again is known again.</summary>
    /// <param name="isTopicGone">Which topics.</param>
    /// <param name="isClientGone">Which client identifiers.</param>
    public void Forget(Func<string, bool> isTopicGone, Func<string, bool> isClientGone) => _context.Topics?.Forget(isTopicGone, isClientGone);

    private TopicLevel Add(TopicLevel level, in TopicReading reading, bool isItself)
    {
        var lastAt = TimeOf(reading.Rhythm.LastAt);
        return level with
        {
            Topics = level.Topics + 1,
            Messages = level.Messages + reading.Figures.MessagesIn,
            MessagesPerSecond = level.MessagesPerSecond + reading.MessagesPerSecond,
            BytesPerSecond = level.BytesPerSecond + reading.BytesPerSecond,
            LastAt = lastAt > level.LastAt || level.LastAt is null ? lastAt : level.LastAt,
            LastBytes = isItself ? reading.LastBytes : level.LastBytes,
            IsRetained = level.IsRetained || (isItself && IsRetained(reading.Topic)),
            IsSilent = level.IsSilent || reading.Rhythm.IsSilent,
            HasChildren = level.HasChildren || !isItself,
            IsTopic = level.IsTopic || isItself,
        };
    }

    private TopicInfo Describe(in TopicReading reading, IReadOnlyList<string> publishers) => new(reading.Topic)
    {
        Messages = reading.Figures.MessagesIn,
        MessagesPerSecond = reading.MessagesPerSecond,
        Bytes = reading.Figures.BytesIn,
        BytesPerSecond = reading.BytesPerSecond,
        LastAt = TimeOf(reading.Rhythm.LastAt),
        LastBytes = reading.LastBytes,
        Publishers = publishers,
        IsRetained = IsRetained(reading.Topic),
        UsualInterval = reading.Rhythm.Interval > 0 ? TimeSpan.FromMilliseconds(reading.Rhythm.Interval) : null,
        SilentSince = reading.Rhythm.IsSilent ? TimeOf(reading.Rhythm.LastAt) : null,
    };

    private bool IsRetained(string topic) => _context.Retained.Get(Encoding.UTF8.GetBytes(topic)) is not null;

    private DateTimeOffset? TimeOf(long time) => time < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(_context.Clock.ToUnix(time)!.Value);
}
