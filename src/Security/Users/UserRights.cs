using Avocet.Security.Access;

namespace Avocet.Security.Users;

/// <summary>
/// What one user may do: the entries of its roles in the order in which they are asked. The first that fits decides, else the default does; but for <c>$CONTROL</c>,
/// and for <c>$SYS</c> where that is guarded, an entry is needed.
/// </summary>
internal sealed class UserRights
{
    private readonly Entry[][] _entries = new Entry[4][];
    private readonly DefaultAccess _otherwise;
    private readonly bool _isSysGuarded;
    private readonly bool _isDisabled;

    public UserRights(UserModel model, string? userName, bool isSysGuarded)
    {
        var roles = model.RolesOf(userName);
        _entries[(int)UserWish.Send] = Of(roles, RoleAclType.PublishClientSend);
        _entries[(int)UserWish.Receive] = Of(roles, RoleAclType.PublishClientReceive);
        _entries[(int)UserWish.Subscribe] = Of(roles, RoleAclType.SubscribeLiteral, RoleAclType.SubscribePattern);
        _entries[(int)UserWish.Unsubscribe] = Of(roles, RoleAclType.UnsubscribeLiteral, RoleAclType.UnsubscribePattern);
        _otherwise = model.Default;
        _isSysGuarded = isSysGuarded;
        _isDisabled = userName is not null && model.Users.TryGetValue(userName, out var user) && user.IsDisabled;
    }

    public bool May(UserWish wish, ReadOnlySpan<byte> topic, Subject subject) => Find(wish, topic, subject, out _, out var isAllowed) ? isAllowed : MayOtherwise(wish, topic);

    /// <summary>The same, with the reason in words.</summary>
    public Decision Explain(UserWish wish, ReadOnlySpan<byte> topic, Subject subject)
    {
        if (_isDisabled) return new Decision(false, null, "the user is disabled");
        if (Find(wish, topic, subject, out var entry, out var isAllowed))
        {
            var group = entry.Group is null ? "" : $" of group '{entry.Group}'";
            var wildcard = entry.Acl.IsAllowed == isAllowed ? "" : ", but the role allows no filters with wildcards";
            return new Decision(isAllowed, null, $"role '{entry.Role}'{group} has {entry.Acl}{wildcard}");
        }

        if (NeedsEntry(topic)) return new Decision(false, null, "no role of the user has an entry for it, and topics that begin with '$' need one");

        isAllowed = MayOtherwise(wish, topic);
        return new Decision(isAllowed, null, $"no role of the user has an entry for it, and the default access {(isAllowed ? "allows" : "denies")} that");
    }

    private bool Find(UserWish wish, ReadOnlySpan<byte> topic, Subject subject, out Entry found, out bool isAllowed)
    {
        (found, isAllowed) = (default, false);
        // It may still be connected for a moment.
        if (_isDisabled) return true;

        foreach (var entry in _entries[(int)wish])
        {
            if (!entry.Acl.Fits(topic, subject)) continue;

            found = entry;
            isAllowed = entry.Acl.IsAllowed && (entry.AllowsWildcards || entry.Acl.IsLiteral || !topic.ContainsAny((byte)'+', (byte)'#'));
            return true;
        }

        return false;
    }

    private bool MayOtherwise(UserWish wish, ReadOnlySpan<byte> topic) => !NeedsEntry(topic) && wish switch
    {
        UserWish.Send => _otherwise.Send,
        UserWish.Receive => _otherwise.Receive,
        UserWish.Subscribe => _otherwise.Subscribe,
        _ => _otherwise.Unsubscribe,
    };

    private bool NeedsEntry(ReadOnlySpan<byte> topic) => topic.StartsWith("$CONTROL"u8) || (_isSysGuarded && topic.StartsWith("$SYS"u8));

    /// <summary>Role by role; in one role the first of the types comes first.</summary>
    private static Entry[] Of(IReadOnlyList<(Role Role, string? Group)> roles, params ReadOnlySpan<RoleAclType> types)
    {
        var entries = new List<Entry>();
        foreach (var (role, group) in roles)
        {
            foreach (var type in types)
            {
                entries.AddRange(role.Acls.Where(acl => acl.Type == type).Select(acl => new Entry(acl, role.AllowsWildcards, role.Name, group)));
            }
        }

        return [.. entries];
    }

    private readonly record struct Entry(RoleAcl Acl, bool AllowsWildcards, string Role, string? Group);
}
