namespace Avocet.Client.Connections;

/// <summary>What to write for a topic.</summary>
/// <param name="Alias">The alias; 0 for none.</param>
/// <param name="IsNew">Whether the topic has to be told with it.</param>
internal readonly record struct AliasUse(ushort Alias, bool IsNew);

/// <summary>
/// The Topic Aliases of one connection. [MQTT-3.3.2-7] When all are given away, one that was not used since the last round gives way, so that topics in use
/// keep theirs.
/// </summary>
internal sealed class OutboundAliases(int maximum)
{
    /// <summary>More would cost memory and save little.</summary>
    private const int AliasesMax = 1024;

    /// <summary>A property with an alias takes that much, so shorter topics are not worth one.</summary>
    public const int EncodedSize = 3;

    private readonly int _maximum = Math.Min(maximum, AliasesMax);
    private readonly Dictionary<string, ushort> _aliases = [];
    private readonly List<(string Topic, bool IsUsed)> _slots = [];
    private int _hand;

    /// <summary>Aliases go from 1 to the server's maximum. [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.2.2-17] [MQTT-3.2.2-18]</summary>
    public AliasUse Use(string topic)
    {
        if (_maximum == 0 || topic.Length <= EncodedSize) return default;

        if (_aliases.TryGetValue(topic, out var alias))
        {
            _slots[alias - 1] = (topic, true);
            return new AliasUse(alias, false);
        }

        if (_slots.Count < _maximum)
        {
            _slots.Add((topic, true));
            return Assign(topic, _slots.Count);
        }

        var candidate = _slots[_hand];
        var slot = _hand;
        _hand = (_hand + 1) % _maximum;
        if (candidate.IsUsed)
        {
            _slots[slot] = (candidate.Topic, false);
            return default;
        }

        _aliases.Remove(candidate.Topic);
        _slots[slot] = (topic, true);
        return Assign(topic, slot + 1);
    }

    private AliasUse Assign(string topic, int alias)
    {
        _aliases[topic] = (ushort)alias;
        return new AliasUse((ushort)alias, true);
    }
}
