namespace Avocet.Client.Connections;

/// <summary>The Topic Aliases that the server has chosen on one connection. All from 1 to the announced maximum are taken. [MQTT-3.3.2-10]</summary>
internal sealed class InboundAliases(int maximum)
{
    private readonly byte[]?[] _topics = new byte[]?[maximum + 1];

    /// <summary>Takes the topic of a PUBLISH that has an alias, or puts it there; false when the alias is not valid.</summary>
    public bool TryResolve(uint alias, ref ReadOnlySpan<byte> topic)
    {
        if (alias == 0 || alias >= _topics.Length) return false;

        if (topic.IsEmpty)
        {
            topic = _topics[alias];
            return !topic.IsEmpty;
        }

        if (!topic.SequenceEqual(_topics[alias])) _topics[alias] = topic.ToArray();
        return true;
    }
}
