using Avocet.Broker.Topics;

namespace Avocet.Broker.Connections;

/// <summary>What the sender of a PUBLISH does about a Topic Alias.</summary>
/// <param name="Alias">The Topic Alias to send, or 0 for none.</param>
/// <param name="IsKnown">Whether the client knows the alias already, so that the Topic Name may be left out.</param>
internal readonly record struct AliasChoice(ushort Alias, bool IsKnown);

/// <summary>
/// The topic aliases set towards one client. A topic gets an alias when it comes for the second time: then it pays. Places are found by hash;
/// a topic that falls on another's place takes it over. The writer's gate guards it.
/// </summary>
internal sealed class OutboundAliases(int aliasMax)
{
    private const int ReportAfterBytes = 4096;

    private readonly Place[] _places = new Place[aliasMax];
    private int _saved;

    /// <summary>Chooses for a topic, and remembers the choice: the PUBLISH must then be sent so. [MQTT-3.1.2-26]</summary>
    public AliasChoice Choose(ReadOnlySpan<byte> topicName)
    {
        var number = (uint)Utf8Comparer.HashOf(topicName) % (uint)_places.Length;
        ref var place = ref _places[number];
        if (place.TopicName is null || !topicName.SequenceEqual(place.TopicName))
        {
            place = new Place { TopicName = topicName.ToArray() };
            return default;
        }

        var choice = new AliasChoice((ushort)(number + 1), place.IsSet);
        place.IsSet = true;
        // An alias takes three bytes.
        _saved += choice.IsKnown ? topicName.Length - 3 : -3;
        return choice;
    }

    /// <summary>Bytes that were saved since this was last told; 0 while it is not worth telling.</summary>
    public int TakeSaved(bool isEnd)
    {
        if (!isEnd && _saved < ReportAfterBytes) return 0;

        var saved = _saved;
        _saved = 0;
        return saved;
    }

    private struct Place
    {
        public byte[]? TopicName;
        public bool IsSet;
    }
}
