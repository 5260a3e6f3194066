using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Asks the authorizers; all must agree.</summary>
internal sealed class Authorization(IReadOnlyList<IAuthorizer> authorizers, IRemoteAuthorizer? remote, Clock clock)
{
    /// <summary>Whether there are rules for all clients.</summary>
    public bool HasRules => authorizers.Count > 0;

    /// <summary>What this client may do; null where it may do everything that the broker offers.</summary>
    public ClientAccess? AccessOf(ClientIdentity client)
    {
        if (client.Origin.Listener.OwnRules is { } listenerRules) return new ClientAccess(client, [listenerRules]);
        if (client.IsSuperuser) return null;
        var rules = client.Rules is { } own ? [.. authorizers, own] : authorizers;
        if (rules.Count == 0 && remote is null) return null;

        return new ClientAccess(client, rules) { Remote = remote is null ? null : new RemoteAccess(client, remote, clock) };
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
