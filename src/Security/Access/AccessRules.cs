using Avocet.Protocol;

namespace Avocet.Security.Access;

/// <summary>All rules as they are at one time. Immutable: a change makes others.</summary>
internal sealed class AccessRules
{
    private readonly IReadOnlyList<AclRule> _configured;
    private readonly AclFile? _file;
    private readonly IReadOnlyDictionary<string, AclFile> _listenerFiles;
    private readonly HashSet<string> _admins;
    private readonly bool _isSysForAdmins;

    /// <param name="options">The rules of the configuration, and who administers.</param>
    /// <param name="file">The access file of listeners that have none of their own; null for none.</param>
    /// <param name="listenerFiles">The access files of listeners, by their names.</param>
    /// <param name="hasAuthentication">Whether clients log in.</param>
    public AccessRules(SecurityOptions options, AclFile? file, IReadOnlyDictionary<string, AclFile> listenerFiles, bool hasAuthentication)
    {
        _configured = [.. options.Rules.Select(rule => rule.ToRule())];
        _file = file;
        _listenerFiles = listenerFiles;
        _admins = [.. options.Admins.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)];
        _isSysForAdmins = options.Sys == SysAccess.Admins || (options.Sys == SysAccess.Auto && hasAuthentication && !options.UsesUserDatabase);
    }

    /// <summary>Whether everything is allowed to everyone.</summary>
    public bool AllowsAll => _configured.Count == 0 && _file is null && _listenerFiles.Count == 0 && !_isSysForAdmins;

    /// <summary>Says whether a wish is allowed, and which rule decides.</summary>
    public Decision Decide(Subject subject, AclAction action, ReadOnlySpan<byte> topic, Qos qos = Qos.AtMostOnce, bool retain = false)
    {
        var isSys = topic.StartsWith("$SYS/"u8) || topic.SequenceEqual("$SYS"u8);
        if (isSys && action == AclAction.Publish) return new Decision(false, null, "the broker alone publishes to $SYS");
        if (isSys && subject.UserNameText is { } name && _admins.Contains(name)) return new Decision(true, null, $"user '{name}' is an administrator (access.admins)");

        foreach (var rule in _configured)
        {
            if (Counts(rule, subject, action, topic, qos, retain)) return new Decision(rule.IsAllow, rule);
        }

        if ((_listenerFiles.GetValueOrDefault(subject.Listener) ?? _file) is { } file) return file.Decide(subject, action, topic);
        if (_configured.Count > 0) return new Decision(false, null, "no [[acl]] rule allows it");
        if (isSys && _isSysForAdmins) return new Decision(false, null, "$SYS is for administrators (access.admins), unless access.sys = \"all\"");

        return new Decision(true, null, "there are no rules");
    }

    /// <summary>A subscription is allowed where it may match something allowed, and denied where a denial covers it.</summary>
    private static bool Counts(AclRule rule, Subject subject, AclAction action, ReadOnlySpan<byte> topic, Qos qos, bool retain)
    {
        var access = action == AclAction.Publish ? AclAccess.Write : AclAccess.Read;
        if ((rule.Access & access) == 0 || !rule.IsFor(subject)) return false;

        // A message is delivered with a QoS that was granted.
        if (action != AclAction.Receive && (qos < rule.QosMin || qos > rule.QosMax)) return false;
        if (action == AclAction.Publish && rule.Retain is { } wanted && wanted != retain) return false;
        if (action != AclAction.Subscribe) return rule.Filter.Matches(topic, subject);

        return rule.IsAllow ? rule.Filter.Overlaps(topic, subject) : rule.Filter.Covers(topic, subject);
    }
}
