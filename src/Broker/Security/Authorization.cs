using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Asks the authorizers; all must agree.</summary>
internal sealed class Authorization(IReadOnlyList<IAuthorizer> authorizers)
{
    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain)
    {
        // The broker alone publishes there.
        if (topicName.StartsWith("$SYS/"u8)) return false;

        foreach (var authorizer in authorizers)
        {
            if (!authorizer.MayPublish(client, topicName, qos, retain)) return false;
        }

        return true;
    }

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos)
    {
        foreach (var authorizer in authorizers)
        {
            if (!authorizer.MaySubscribe(client, topicFilter, qos)) return false;
        }

        return true;
    }
}
