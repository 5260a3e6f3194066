namespace Avocet.Broker.Connections;

/// <summary>The topic aliases a client has set on this connection; they end with it. [MQTT-3.3.2-7]</summary>
internal sealed class InboundAliases(int aliasMax)
{
    private byte[]?[] _topicNames = [];

    /// <summary>Sets or changes an alias from 1 to the maximum. [MQTT-3.3.2-12]</summary>
    public void Set(int alias, ReadOnlySpan<byte> topicName)
    {
        if (alias > _topicNames.Length) Array.Resize(ref _topicNames, Math.Min(aliasMax, Math.Max(alias, _topicNames.Length * 2)));
        if (!topicName.SequenceEqual(_topicNames[alias - 1])) _topicNames[alias - 1] = topicName.ToArray();
    }

    public bool TryGet(int alias, out ReadOnlySpan<byte> topicName)
    {
        var known = alias <= _topicNames.Length ? _topicNames[alias - 1] : null;
        topicName = known;
        return known is not null;
    }
}
