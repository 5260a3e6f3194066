using System.Text;
using Avocet.Security.Access;

namespace Avocet.Security.Dynamic;

/// <summary>What one user may do: the entries of its roles in the order in which they are asked. The first that matches decides, else the default does.</summary>
internal sealed class DynamicRights(IReadOnlyList<DynamicRole> roles, DefaultAccess otherwise)
{
    private readonly DynamicAcl[] _send = Of(roles, DynamicAclType.PublishClientSend);
    private readonly DynamicAcl[] _receive = Of(roles, DynamicAclType.PublishClientReceive);
    private readonly (DynamicAcl Acl, bool AllowsWildcards)[] _subscribe =
        [.. roles.SelectMany(role => Of(role, DynamicAclType.SubscribeLiteral).Concat(Of(role, DynamicAclType.SubscribePattern)).Select(acl => (acl, role.AllowsWildcards)))];

    // Taken now: the model may change, and then there are other rights.
    private readonly bool _sendOtherwise = otherwise.Send;
    private readonly bool _receiveOtherwise = otherwise.Receive;
    private readonly bool _subscribeOtherwise = otherwise.Subscribe;

    public bool MaySend(ReadOnlySpan<byte> topicName, Subject subject) => Decide(_send, topicName, subject) ?? _sendOtherwise;

    public bool MayReceive(ReadOnlySpan<byte> topicName, Subject subject) => Decide(_receive, topicName, subject) ?? _receiveOtherwise;

    public bool MaySubscribe(ReadOnlySpan<byte> topicFilter, Subject subject)
    {
        foreach (var (acl, allowsWildcards) in _subscribe)
        {
            var matches = acl.Type == DynamicAclType.SubscribeLiteral
                ? topicFilter.SequenceEqual(Encoding.UTF8.GetBytes(acl.Topic))
                : acl.Filter.Covers(topicFilter, subject);
            if (!matches) continue;

            return acl.IsAllowed && (allowsWildcards || acl.Type == DynamicAclType.SubscribeLiteral || !topicFilter.ContainsAny((byte)'+', (byte)'#'));
        }

        return _subscribeOtherwise;
    }

    private static bool? Decide(DynamicAcl[] acls, ReadOnlySpan<byte> topicName, Subject subject)
    {
        foreach (var acl in acls)
        {
            if (acl.Filter.Matches(topicName, subject)) return acl.IsAllowed;
        }

        return null;
    }

    private static DynamicAcl[] Of(IReadOnlyList<DynamicRole> roles, DynamicAclType type) => [.. roles.SelectMany(role => Of(role, type))];

    private static IEnumerable<DynamicAcl> Of(DynamicRole role, DynamicAclType type) => role.Acls.Where(acl => acl.Type == type).OrderByDescending(acl => acl.Priority);
}
