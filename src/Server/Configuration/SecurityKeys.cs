using Avocet.Security;
using Avocet.Security.Access;

namespace Avocet.Server.Configuration;

/// <summary>The keys of who may connect, and of what clients may do.</summary>
internal static class SecurityKeys
{
    public static Section<SecurityOptions> Login { get; } = CreateLogin();

    public static Section<SecurityOptions> Access { get; } = CreateAccess();

    public static Section<AccessRuleOptions> Rule { get; } = CreateRule();

    private static Section<SecurityOptions> CreateLogin() =>
        new Section<SecurityOptions>(new SecurityOptions())
        {
            Path = "login",
            Summary = "Who may connect. See [security.md](security.md).",
        }
        .Text("password_file", SettingKind.File, o => o.PasswordFile, (o, v) => o with { PasswordFile = v },
            "Users and their hashed passwords, a line each, as `avocet passwd` and `mosquitto_passwd` write it. It is read again when it changes.")
        .Integer("password_threads", 0, 64, o => o.PasswordThreads, (o, v) => o with { PasswordThreads = (int)v },
            "Threads that check passwords; 0 for half the processors. Up to 1,000 checks wait for them, then log-ins get 0x89 Server busy.");

    private static Section<SecurityOptions> CreateAccess() =>
        new Section<SecurityOptions>(new SecurityOptions())
        {
            Path = "access",
            Summary = "What clients may do. See [security.md](security.md). `avocet acl explain` says which rule decides, and why.",
        }
        .Text("acl_file", SettingKind.File, o => o.AclFile, (o, v) => o with { AclFile = v },
            "Rules in the form of Mosquitto's `acl_file`. With rules, what none allows is refused. It is read again when it changes.", reloadable: true)
        .Text("admins", SettingKind.Text, o => o.Admins, (o, v) => o with { Admins = v },
            "The user names of administrators, with commas between them. They may read `$SYS`.", reloadable: true)
        .Choice("sys", [("auto", SysAccess.Auto), ("admins", SysAccess.Admins), ("all", SysAccess.All)], o => o.Sys, (o, v) => o with { Sys = v },
            "Who may read `$SYS` where there are no rules: `auto` is administrators where clients log in, else everybody; `all` is as with Mosquitto.",
            reloadable: true);

    private static Section<AccessRuleOptions> CreateRule() =>
        new Section<AccessRuleOptions>(new AccessRuleOptions())
        {
            Path = "acl",
            Summary = "Rules with conditions. They come before the access file, and the first that fits counts.",
            IsArray = true,
        }
        .Text("topic", SettingKind.Text, o => o.Topic, (o, v) => o with { Topic = v },
            "A topic filter, mount point included; `%c` stands for the client identifier and `%u` for the user name.", "none; it must be set", reloadable: true)
        .Choice("effect", [("allow", true), ("deny", false)], o => o.IsAllow, (o, v) => o with { IsAllow = v },
            "Whether it allows or denies.", reloadable: true)
        .Choice("action", [("all", "all"), ("publish", "publish"), ("subscribe", "subscribe")], o => o.Action, (o, v) => o with { Action = v },
            "What it is about. `subscribe` is to subscribe and to receive.", reloadable: true)
        .Text("user", SettingKind.Text, o => o.User, (o, v) => o with { User = v }, "Only this user.", reloadable: true)
        .Text("client", SettingKind.Text, o => o.Client, (o, v) => o with { Client = v }, "Only this client identifier.", reloadable: true)
        .Text("address", SettingKind.Text, o => o.Address, (o, v) => o with { Address = v },
            "Only clients from there, such as `10.0.0.0/8` or `fd00::/8`.", reloadable: true)
        .Integer("qos_min", 0, 2, o => o.QosMin, (o, v) => o with { QosMin = (int)v }, "Only at this QoS or above.", reloadable: true)
        .Integer("qos_max", 0, 2, o => o.QosMax, (o, v) => o with { QosMax = (int)v }, "Only up to this QoS.", reloadable: true)
        .Choice("retain", [("any", "any"), ("yes", "yes"), ("no", "no")], o => o.Retain, (o, v) => o with { Retain = v },
            "Only messages that are to be retained, or only others. For publishing.", reloadable: true);
}
