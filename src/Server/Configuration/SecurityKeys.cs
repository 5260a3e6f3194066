using Avocet.Security;
using Avocet.Security.Access;
using Avocet.Security.Http;
using Avocet.Security.Login;
using Avocet.Security.Postgres;
using Avocet.Security.Tokens;

namespace Avocet.Server.Configuration;

/// <summary>The keys of who may connect, and of what clients may do.</summary>
internal static class SecurityKeys
{
    public static Section<SecurityOptions> Login { get; } = CreateLogin();

    public static Section<TokenOptions> Token { get; } = CreateToken();

    public static Section<HttpLoginOptions> Http { get; } = CreateHttp();

    public static Section<HttpAccessOptions> HttpAccess { get; } = CreateHttpAccess();

    public static Section<PostgresOptions> Postgres { get; } = CreatePostgres();

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
        .Boolean("users", o => o.HasUserDatabase, (o, v) => o with { HasUserDatabase = v },
            "Keep users, groups and roles in the broker's own store, and manage them while it runs: with `avocet users` or `mosquitto_ctrl dynsec`.")
        .Text("users_file", SettingKind.File, o => o.UsersFile, (o, v) => o with { UsersFile = v },
            "Mosquitto's `dynamic-security.json`, read once: when the database begins. It turns `users` on.")
        .Text("scram_file", SettingKind.File, o => o.ScramFile, (o, v) => o with { ScramFile = v },
            "Users for SCRAM-SHA-256 and SCRAM-SHA-512 (5.0 clients), as `avocet passwd scram` writes it. It is read again when it changes.")
        .Integer("password_threads", 0, 64, o => o.PasswordThreads, (o, v) => o with { PasswordThreads = (int)v },
            "Threads that check passwords; 0 for half the processors. Up to 1,000 checks wait for them, then log-ins get 0x89 Server busy.")
        .Text("allow_from", SettingKind.Text, o => o.Login.AllowFrom, (o, v) => o with { Login = o.Login with { AllowFrom = v } },
            "Addresses that may connect, such as `192.168.0.0/16, fd00::/8`; none set means all.")
        .Text("deny_from", SettingKind.Text, o => o.Login.DenyFrom, (o, v) => o with { Login = o.Login with { DenyFrom = v } },
            "Addresses that may not connect, also where `allow_from` has them.")
        .Integer("failures_max", 0, 1_000_000, o => o.Login.FailuresMax, (o, v) => o with { Login = o.Login with { FailuresMax = (int)v } },
            "Failed log-ins from an address after which it is refused with 0x8A Banned; 0 for never. A success begins the count anew.")
        .Integer("user_failures_max", 0, 1_000_000, o => o.Login.UserFailuresMax, (o, v) => o with { Login = o.Login with { UserFailuresMax = (int)v } },
            "The same for a user, from wherever; 0 for never. It lets strangers lock a user out, so it is off.")
        .Integer("ban_seconds", 1, 1_000_000, o => o.Login.BanSeconds, (o, v) => o with { Login = o.Login with { BanSeconds = (int)v } },
            "How long a ban lasts, and for how long failures count.")
        .Integer("failure_delay_milliseconds", 0, 5000, o => o.Login.DelayMilliseconds, (o, v) => o with { Login = o.Login with { DelayMilliseconds = (int)v } },
            "How long the answer to a failed log-in is held back, times the failures so far; at most 5 s.")
        .Integer("ipv4_prefix", 8, 32, o => o.Login.Ipv4Prefix, (o, v) => o with { Login = o.Login with { Ipv4Prefix = (int)v } },
            "Bits of an IPv4 address that count as one place.")
        .Integer("ipv6_prefix", 16, 128, o => o.Login.Ipv6Prefix, (o, v) => o with { Login = o.Login with { Ipv6Prefix = (int)v } },
            "Bits of an IPv6 address that count as one place.")
        .Choice("client_id", [("any", ClientIdBinding.Any), ("equal", ClientIdBinding.Equal), ("prefix", ClientIdBinding.Prefix)], o => o.Login.ClientId,
            (o, v) => o with { Login = o.Login with { ClientId = v } },
            "Which client identifiers a user may have: `any`, `equal` to the user name, or `prefix`: it begins with it and one of `-_.:/`.");

    private static Section<TokenOptions> CreateToken() =>
        new Section<TokenOptions>(new TokenOptions())
        {
            Path = "jwt",
            Summary = "JSON Web Tokens, in place of passwords. One of the first three keys turns them on. See [security.md](security.md).",
        }
        .Text("secret_file", SettingKind.File, o => o.SecretFile, (o, v) => o with { SecretFile = v },
            "A file with the secret of HS256, HS384 and HS512: a line of at least 32 characters.")
        .Text("key_file", SettingKind.File, o => o.KeyFile, (o, v) => o with { KeyFile = v },
            "A PEM file with public keys or certificates for RS, PS and ES algorithms.")
        .Text("key_set_url", SettingKind.Text, o => o.KeySetUrl, (o, v) => o with { KeySetUrl = v },
            "The https URL of a JSON Web Key Set (JWKS).")
        .Integer("key_set_seconds", 10, 86_400, o => o.KeySetSeconds, (o, v) => o with { KeySetSeconds = (int)v },
            "How long a key set is used before it is asked for again. A key that is not known is asked for at once, at most every 10 s.")
        .Choice("place", [("password", TokenPlace.Password), ("username", TokenPlace.UserName)], o => o.Place, (o, v) => o with { Place = v },
            "Where clients put their token.")
        .Text("issuer", SettingKind.Text, o => o.Issuer, (o, v) => o with { Issuer = v }, "What `iss` must be.")
        .Text("audience", SettingKind.Text, o => o.Audience, (o, v) => o with { Audience = v }, "What `aud` must contain.")
        .Text("user_claim", SettingKind.Text, o => o.UserClaim, (o, v) => o with { UserClaim = v },
            "The claim that is the user name, whatever CONNECT says.")
        .Text("claims", SettingKind.Text, o => o.Claims, (o, v) => o with { Claims = v },
            "Claims that must have a value, such as `device=${clientid}, tenant=acme`; `${username}` is the user name of CONNECT.");

    private static Section<HttpLoginOptions> CreateHttp() =>
        new Section<HttpLoginOptions>(new HttpLoginOptions())
        {
            Path = "http_login",
            Summary = "A web service that is asked whether a client may connect. See [security.md](security.md).",
        }
        .Text("url", SettingKind.Text, o => o.Url, (o, v) => o with { Url = v }, "Where to POST the question: https, or http on this machine.")
        .Text("token_file", SettingKind.File, o => o.TokenFile, (o, v) => o with { TokenFile = v }, "A file with a bearer token for the service.")
        .Integer("timeout_milliseconds", 10, 60_000, o => o.TimeoutMilliseconds, (o, v) => o with { TimeoutMilliseconds = (int)v },
            "How long an answer may take; later the client gets 0x88 Server unavailable.")
        .Integer("requests_max", 1, 1000, o => o.RequestsMax, (o, v) => o with { RequestsMax = (int)v },
            "Requests at a time. Up to 1,000 log-ins wait for their turn, then they get 0x89 Server busy.")
        .Integer("cache_seconds", 0, 86_400, o => o.CacheSeconds, (o, v) => o with { CacheSeconds = (int)v },
            "How long a yes is remembered; 0 for not at all.");

    private static Section<HttpAccessOptions> CreateHttpAccess() =>
        new Section<HttpAccessOptions>(new HttpAccessOptions())
        {
            Path = "http_access",
            Summary = "A web service that is asked what connected clients may do, besides the access rules. See [security.md](security.md#a-web-service).",
        }
        .Text("url", SettingKind.Text, o => o.Url, (o, v) => o with { Url = v }, "Where to POST the question: https, or http on this machine.")
        .Text("token_file", SettingKind.File, o => o.TokenFile, (o, v) => o with { TokenFile = v }, "A file with a bearer token for the service.")
        .Integer("timeout_milliseconds", 10, 60_000, o => o.TimeoutMilliseconds, (o, v) => o with { TimeoutMilliseconds = (int)v },
            "How long an answer may take, waiting for a turn included; later the message or subscription is refused with 0x83.")
        .Integer("requests_max", 1, 1000, o => o.RequestsMax, (o, v) => o with { RequestsMax = (int)v },
            "Requests at a time. Up to 1,000 wait for their turn, more are refused.")
        .Integer("cache_seconds", 0, 86_400, o => o.CacheSeconds, (o, v) => o with { CacheSeconds = (int)v },
            "How long each connection remembers the answers about its latest 64 topics; 0 for not at all.");

    private static Section<PostgresOptions> CreatePostgres() =>
        new Section<PostgresOptions>(new PostgresOptions())
        {
            Path = "postgres_login",
            Summary = "A PostgreSQL database that is asked for users. See [security.md](security.md#postgresql).",
        }
        .Text("connection", SettingKind.Secret, o => o.Connection, (o, v) => o with { Connection = v },
            "How to connect, as Npgsql has it: `Host=db.example;Database=mqtt;Username=avocet`. It is never shown, but the password is better kept in `password_file`.")
        .Text("password_file", SettingKind.File, o => o.PasswordFile, (o, v) => o with { PasswordFile = v },
            "A file whose first line is the password of the connection. It is read for each new connection.")
        .Text("query", SettingKind.Text, o => o.Query, (o, v) => o with { Query = v },
            "The query for a user: at most one row, the hashed password first. Columns `allowed` and `is_superuser` count where there are. It may use `@username`, `@clientid` and `@address`.")
        .Text("acl_query", SettingKind.Text, o => o.AclQuery, (o, v) => o with { AclQuery = v },
            "The query for a user's access rules: rows of action (`publish`, `subscribe`, `all`), topic filter and whether it is allowed. The first that fits counts.")
        .Integer("timeout_milliseconds", 10, 60_000, o => o.TimeoutMilliseconds, (o, v) => o with { TimeoutMilliseconds = (int)v },
            "How long an answer may take; later the client gets 0x88 Server unavailable.")
        .Integer("connections_max", 1, 100, o => o.ConnectionsMax, (o, v) => o with { ConnectionsMax = (int)v },
            "Connections to the database. Up to 1,000 log-ins wait for one, then they get 0x89 Server busy.")
        .Integer("cache_seconds", 0, 86_400, o => o.CacheSeconds, (o, v) => o with { CacheSeconds = (int)v },
            "How long a user's row is remembered after a log-in; 0 for not at all. A new password counts at once, an old one until then.");

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
