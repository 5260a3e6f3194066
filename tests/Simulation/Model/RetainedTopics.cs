using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>Which message may be the retained one of each topic: the last acknowledged one, or one whose place in the order is not known.</summary>
internal sealed class RetainedTopics
{
    private readonly Dictionary<string, List<Message>> _byTopic = [];

    public IReadOnlyCollection<string> Topics => _byTopic.Keys;

    public void Add(Message message)
    {
        if (!message.Retain) return;
        if (!_byTopic.TryGetValue(message.Topic, out var messages)) _byTopic[message.Topic] = messages = [];

        messages.Add(message);
    }

    /// <summary>Whether another message had certainly replaced it before this step.</summary>
    public Message? FindReplacement(Message message, long before)
    {
        var last = message.LastPossibleStep;
        return _byTopic[message.Topic].Find(later => later != message && IsCertain(later) && later.SentStep > last && later.DoneStep < before);
    }

    /// <summary>The messages one of which is retained, to somebody who subscribes at this step; and whether it may also be none.</summary>
    public (IReadOnlyList<Message> Possible, bool MayBeNone) At(string topic, long step)
    {
        var possible = _byTopic[topic].Where(message => FindReplacement(message, step) is null).ToList();
        var mayBeNone = !possible.Exists(IsCertain) || possible.Exists(message => message.IsClear || message.ExpirySeconds is not null);
        return (possible, mayBeNone);
    }

    // A will's DoneStep is when it has certainly been published, its SentStep when it may have been at the earliest.
    private static bool IsCertain(Message message) => message is { Outcome: Outcome.Acknowledged, Qos: not Qos.AtMostOnce, MayBeLost: false };
}
