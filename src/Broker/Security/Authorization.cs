using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Asks the authorizers; all must agree.</summary>
internal sealed class Authorization(IReadOnlyList<IAuthorizer> authorizers)
{
    /// <summary>What this client may do; null where it may do everything that the broker offers.</summary>
    public ClientAccess? AccessOf(ClientIdentity client)
    {
        if (client.IsSuperuser) return null;
        if (client.Rules is { } own) return new ClientAccess(client, [.. authorizers, own]);

        return authorizers.Count > 0 ? new ClientAccess(client, authorizers) : null;
    }

    public static bool MayPublish(ClientAccess? access, ReadOnlySpan<byte> topicName, Qos qos, bool retain)
    {
        // The broker alone publishes there.
        if (topicName.StartsWith("$SYS/"u8)) return false;

        return access is null || access.MayPublish(topicName, qos, retain);
    }

    public static bool MaySubscribe(ClientAccess? access, ReadOnlySpan<byte> topicFilter, Qos qos) =>
        access is null || access.MaySubscribe(topicFilter, qos);
}
