using System.Security.Authentication;
using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Security;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Configuration;

/// <summary>All keys of the configuration.</summary>
internal static class ConfigurationKeys
{
    public static readonly IReadOnlyList<(string Word, LogLevel Value)> LogLevels =
    [
        ("trace", LogLevel.Trace),
        ("debug", LogLevel.Debug),
        ("info", LogLevel.Information),
        ("warning", LogLevel.Warning),
        ("error", LogLevel.Error),
    ];

    public static readonly IReadOnlyList<(string Word, ListenerTransport Value)> Transports =
        [.. Enum.GetValues<ListenerTransport>().Select(transport => (ListenerOptions.NameOf(transport), transport))];

    public static readonly IReadOnlyList<(string Word, Durability Value)> Durabilities =
        [("fsync", Durability.Fsync), ("os", Durability.Os), ("none", Durability.None)];

    public static readonly IReadOnlyList<(string Word, CertificateName Value)> CertificateNames =
        [("none", CertificateName.None), ("cn", CertificateName.Cn), ("dn", CertificateName.Dn), ("san", CertificateName.San)];

    private const long Int32Max = int.MaxValue;

    public static Section<ServerOptions> Limits { get; } = CreateLimits();

    public static Section<BrokerOptions> Session { get; } = CreateSession();

    public static Section<BrokerOptions> Mqtt { get; } = CreateMqtt();

    public static Section<TopicDurability> DurabilityFor { get; } = CreateDurabilityFor();

    public static Section<CertificateOptions> Certificate { get; } =
        CreateCertificate("certificate", "The certificates of all TLS listeners that have none of their own; the client's SNI chooses.");

    public static Section<CertificateOptions> ListenerCertificate { get; } =
        CreateCertificate(
            "listener.certificate", "The certificates of the listener above; the client's SNI chooses, the first is for clients without.");

    public static Section<ListenerOptions> Listener { get; } = CreateListener();

    public static Section<ServerOptions> Root { get; } = CreateRoot();

    /// <summary>Every section with the ones below it, in the order of the reference page.</summary>
    public static IEnumerable<Section> AllSections { get; } = [Root, DurabilityFor, Limits, Session, Mqtt, SecurityKeys.Login, SecurityKeys.Token, SecurityKeys.Http, SecurityKeys.Postgres, SecurityKeys.Access, SecurityKeys.HttpAccess, SecurityKeys.Rule, ConsoleKeys.Console, Listener, ListenerCertificate, Certificate];

    public static string NameOf(Durability durability) => Durabilities.First(choice => choice.Value == durability).Word;

    private static Section<ServerOptions> CreateRoot() =>
        new Section<ServerOptions>(new ServerOptions())
        {
            Path = "",
            Summary = "Keys at the top of the file, before the first section.",
            Sections = [DurabilityFor, Limits, Session, Mqtt, SecurityKeys.Login, SecurityKeys.Token, SecurityKeys.Http, SecurityKeys.Postgres, SecurityKeys.Access, SecurityKeys.HttpAccess, SecurityKeys.Rule, ConsoleKeys.Console, Listener, Certificate],
        }
        .Text("data", SettingKind.File, o => o.DataFolder, (o, v) => o with { DataFolder = v },
            "The folder of the server's files, sessions and messages among them; it is made where it is missing. "
            + "`\"\"` keeps everything in memory only. A system service uses `/var/lib/avocet`.")
        .Choice("durability", Durabilities, o => o.Broker.Durability, (o, v) => o with { Broker = o.Broker with { Durability = v } },
            "What acknowledged messages survive: `fsync` a power cut, `os` the end of the process, `none` an orderly stop. See [durability.md](durability.md).")
        .Choice("log_level", LogLevels, o => o.LogLevel, (o, v) => o with { LogLevel = v },
            "The least severe log lines to write.", reloadable: true)
        .Choice("log_format", [("text", LogFormat.Text), ("json", LogFormat.Json)], o => o.LogFormat, (o, v) => o with { LogFormat = v },
            "Log lines for people, or one JSON object a line.")
        .Integer("shutdown_timeout_seconds", 1, 3600, o => o.ShutdownTimeoutSeconds, (o, v) => o with { ShutdownTimeoutSeconds = (int)v },
            "Seconds from SIGTERM until the process has ended, whatever its clients do.");

    private static Section<TopicDurability> CreateDurabilityFor() =>
        new Section<TopicDurability>(new TopicDurability("", Durability.Fsync))
        {
            Path = "durability_for",
            Summary = "Exceptions from `durability` by topic. The first filter that matches counts.",
            IsArray = true,
        }
        .Text("filter", SettingKind.Text, o => o.Filter, (o, v) => o with { Filter = v },
            "A topic filter, such as `telemetry/#`; with the mount point where a listener has one, and without `$share`.", "none; it must be set")
        .Choice("level", Durabilities, o => o.Durability, (o, v) => o with { Durability = v },
            "What acknowledged messages of these topics survive.", "none; it must be set");

    private static Section<ServerOptions> CreateLimits() =>
        new Section<ServerOptions>(new ServerOptions())
        {
            Path = "limits",
            Summary = "What clients may use up.",
        }
        .Integer("connections_max", 0, Int32Max, o => o.Broker.ConnectionsMax, (o, v) => o with { Broker = o.Broker with { ConnectionsMax = (int)v } },
            "Connections at a time over all listeners; 0 for no limit. One more is refused with 0x97 Quota exceeded.")
        .Integer("connections_per_user_max", 0, Int32Max, o => o.Broker.ConnectionsPerUserMax, (o, v) => o with { Broker = o.Broker with { ConnectionsPerUserMax = (int)v } },
            "Connections of one user at a time; 0 for no limit. One more is refused with 0x97 Quota exceeded.")
        .Integer("connect_timeout_seconds", 1, 3600, o => o.Broker.ConnectTimeoutSeconds, (o, v) => o with { Broker = o.Broker with { ConnectTimeoutSeconds = (int)v } },
            "Seconds from the start of a connection to its whole CONNECT, authentication included.")
        .Integer("packet_size_max", 1024, 268_435_460, o => o.Broker.PacketSizeMax, (o, v) => o with { Broker = o.Broker with { PacketSizeMax = (int)v } },
            "Bytes of the largest packet accepted, its fixed header included.")
        .Integer("receive_maximum", 1, 65_535, o => o.Broker.ReceiveMaximum, (o, v) => o with { Broker = o.Broker with { ReceiveMaximum = (int)v } },
            "QoS 1 and 2 messages a client may have sent and not yet seen acknowledged.")
        .Integer("topic_alias_maximum", 0, 65_535, o => o.Broker.TopicAliasMaximum, (o, v) => o with { Broker = o.Broker with { TopicAliasMaximum = (int)v } },
            "Topic aliases a client may set.")
        .Integer("outbound_topic_alias_maximum", 0, 65_535, o => o.Broker.OutboundTopicAliasMaximum, (o, v) => o with { Broker = o.Broker with { OutboundTopicAliasMaximum = (int)v } },
            "Topic aliases the broker sets towards a client, within what the client allows.")
        .Integer("keep_alive_max_seconds", 0, 65_535, o => o.Broker.KeepAliveMaxSeconds, (o, v) => o with { Broker = o.Broker with { KeepAliveMaxSeconds = (int)v } },
            "The longest keep alive in seconds; 0 for no limit. 5.0 clients that ask for more are told this one.")
        .Integer("outbound_bytes_max", 4096, Int32Max, o => o.Broker.OutboundBytesMax, (o, v) => o with { Broker = o.Broker with { OutboundBytesMax = (int)v } },
            "Bytes waiting for a client that does not read. Above it QoS 0 is dropped and QoS 1 and 2 wait in the session's queue.")
        .Integer("topic_levels_max", 1, 1000, o => o.Broker.TopicLevelsMax, (o, v) => o with { Broker = o.Broker with { TopicLevelsMax = (int)v } },
            "Levels of a topic name or topic filter.")
        .Integer("client_id_bytes_max", 23, 65_535, o => o.Broker.ClientIdBytesMax, (o, v) => o with { Broker = o.Broker with { ClientIdBytesMax = (int)v } },
            "Bytes of a client identifier.")
        .Integer("topic_bytes_max", 1, 65_535, o => o.Broker.TopicBytesMax, (o, v) => o with { Broker = o.Broker with { TopicBytesMax = (int)v } },
            "Bytes of a topic name or topic filter.")
        .Integer("subscriptions_max", 0, Int32Max, o => o.Broker.SubscriptionsMax, (o, v) => o with { Broker = o.Broker with { SubscriptionsMax = (int)v } },
            "Subscriptions of a session; 0 for no limit. One more is refused with 0x97 Quota exceeded.")
        .Integer("retained_messages_max", 0, Int32Max, o => o.Broker.RetainedMessagesMax, (o, v) => o with { Broker = o.Broker with { RetainedMessagesMax = (int)v } },
            "Retained messages, those of `$SYS` included; 0 for no limit. One on another topic is refused with 0x97 Quota exceeded (3.x: acknowledged and dropped).")
        .Integer("publish_rate_max", 0, Int32Max, o => o.Broker.PublishRateMax, (o, v) => o with { Broker = o.Broker with { PublishRateMax = (int)v } },
            "Messages a second from one client in the long run, a second's worth at once; 0 for no limit.")
        .Integer("receive_bytes_rate_max", 0, Int32Max, o => o.Broker.ReceiveBytesRateMax, (o, v) => o with { Broker = o.Broker with { ReceiveBytesRateMax = (int)v } },
            "Bytes a second from one client in the long run, a second's worth at once; 0 for no limit.")
        .Integer("user_publish_rate_max", 0, Int32Max, o => o.Broker.UserPublishRateMax, (o, v) => o with { Broker = o.Broker with { UserPublishRateMax = (int)v } },
            "Messages a second from all clients of a user together; 0 for no limit.")
        .Integer("user_receive_bytes_rate_max", 0, Int32Max, o => o.Broker.UserReceiveBytesRateMax, (o, v) => o with { Broker = o.Broker with { UserReceiveBytesRateMax = (int)v } },
            "Bytes a second from all clients of a user together; 0 for no limit.")
        .Integer("address_publish_rate_max", 0, Int32Max, o => o.Broker.AddressPublishRateMax, (o, v) => o with { Broker = o.Broker with { AddressPublishRateMax = (int)v } },
            "Messages a second from all clients of an IPv4 address or IPv6 network (/64) together; 0 for no limit.")
        .Integer("address_receive_bytes_rate_max", 0, Int32Max, o => o.Broker.AddressReceiveBytesRateMax, (o, v) => o with { Broker = o.Broker with { AddressReceiveBytesRateMax = (int)v } },
            "Bytes a second from all clients of an IPv4 address or IPv6 network (/64) together; 0 for no limit.")
        .Choice(
            "rate_overflow",
            [("delay", RateOverflow.Delay), ("disconnect", RateOverflow.Disconnect)],
            o => o.Broker.RateOverflow,
            (o, v) => o with { Broker = o.Broker with { RateOverflow = v } },
            "Whether a client above these rates is read from more slowly, or disconnected with 0x96 Message rate too high.")
        .Integer("connect_rate_max", 0, 1_000_000, o => o.Broker.ConnectRateMax, (o, v) => o with { Broker = o.Broker with { ConnectRateMax = (int)v } },
            "Connections a second from one IPv4 address or IPv6 network (/64) in the long run, ten seconds' worth at once; 0 for no limit. More are closed unread.")
        .Integer("user_connect_rate_max", 0, 1_000_000, o => o.Broker.UserConnectRateMax, (o, v) => o with { Broker = o.Broker with { UserConnectRateMax = (int)v } },
            "Log-ins a second of one user in the long run, ten seconds' worth at once; 0 for no limit. More are refused with 0x9F Connection rate exceeded.")
        .Integer("flapping_connects_max", 0, 1_000_000, o => o.Broker.FlappingConnectsMax, (o, v) => o with { Broker = o.Broker with { FlappingConnectsMax = (int)v } },
            "Connections of one client identifier within `flapping_seconds`; 0 for no limit. With one more it is refused with 0x8A Banned for `flapping_ban_seconds`.")
        .Integer("flapping_seconds", 1, 86_400, o => o.Broker.FlappingSeconds, (o, v) => o with { Broker = o.Broker with { FlappingSeconds = (int)v } },
            "In what time these connections come.")
        .Integer("flapping_ban_seconds", 1, 1_000_000, o => o.Broker.FlappingBanSeconds, (o, v) => o with { Broker = o.Broker with { FlappingBanSeconds = (int)v } },
            "How long a client that flaps is kept out.")
        .Integer("tls_handshakes_max", 0, 1_000_000, o => o.TlsHandshakesMax, (o, v) => o with { TlsHandshakesMax = (int)v },
            "TLS handshakes at a time; 0 for no limit. More wait, each for at most 10 s in all.")
        .Integer("topic_statistics_max", 0, 1_000_000, o => o.Broker.TopicStatisticsMax, (o, v) => o with { Broker = o.Broker with { TopicStatisticsMax = (int)v } },
            "Topics whose messages are counted, and clients, to tell of rates and of who has fallen silent; 0 for none.")
        .Integer("events_max", 0, 100_000, o => o.Broker.EventsMax, (o, v) => o with { Broker = o.Broker with { EventsMax = (int)v } },
            "Events of each kind that are remembered, such as connections that were refused and messages that were dropped; 0 for none.")
        .Integer("memory_bytes_max", 0, long.MaxValue, o => o.MemoryBytesMax, (o, v) => o with { MemoryBytesMax = v },
            "Bytes of memory of the process; 0 for no limit. The garbage collector is left 5 % of it; from 85 % of the rest on new connections are refused with 0x89 Server busy, and new subscriptions; from 90 % on QoS 0 is dropped, from 95 % on QoS 1 and 2 are refused.");

    private static Section<BrokerOptions> CreateSession() =>
        new Section<BrokerOptions>(new BrokerOptions())
        {
            Path = "session",
            Summary = "What is kept for a client, connected or not.",
        }
        .Integer(
            "session_expiry_max_seconds",
            0,
            uint.MaxValue,
            o => o.SessionExpiryMaxSeconds,
            (o, v) => o with { SessionExpiryMaxSeconds = (uint)v },
            "The longest a session lives without a connection, in seconds; 4294967295 for ever.")
        .Integer("inflight_max", 1, 65_535, o => o.InflightMax, (o, v) => o with { InflightMax = (int)v },
            "QoS 1 and 2 messages on their way to a client at a time, within its Receive Maximum.")
        .Integer("queue_messages_max", 0, Int32Max, o => o.QueueMessagesMax, (o, v) => o with { QueueMessagesMax = (int)v },
            "Messages queued for a session, those on their way not counted.")
        .Integer("queue_bytes_max", 0, long.MaxValue, o => o.QueueBytesMax, (o, v) => o with { QueueBytesMax = v },
            "Bytes of topics, properties and payloads queued for a session.")
        .Choice(
            "queue_overflow",
            [("drop_new", QueueOverflow.DropNew), ("drop_oldest", QueueOverflow.DropOldest)],
            o => o.QueueOverflow,
            (o, v) => o with { QueueOverflow = v },
            "Which message is dropped when a queue is full.")
        .Boolean("queue_qos0", o => o.QueueQos0, (o, v) => o with { QueueQos0 = v },
            "Whether QoS 0 messages are queued for clients that are not connected.");

    private static Section<BrokerOptions> CreateMqtt() =>
        new Section<BrokerOptions>(new BrokerOptions())
        {
            Path = "mqtt",
            Summary = "What the broker offers.",
        }
        .Integer("maximum_qos", 0, 2, o => (long)o.MaximumQos, (o, v) => o with { MaximumQos = (Qos)v },
            "The highest QoS clients may publish with.")
        .Boolean("retain_available", o => o.RetainAvailable, (o, v) => o with { RetainAvailable = v },
            "Whether messages can be retained.")
        .Text("response_information", SettingKind.Text, o => o.ResponseInformation, (o, v) => o with { ResponseInformation = v },
            "The Response Information for 5.0 clients that ask for it, with `${clientid}` replaced; empty for none.")
        .Integer("sys_interval_seconds", 0, 86_400, o => o.SysIntervalSeconds, (o, v) => o with { SysIntervalSeconds = (int)v },
            "Seconds between two publications of `$SYS/broker/…`; 0 turns them off.");

    private static Section<ListenerOptions> CreateListener() =>
        new Section<ListenerOptions>(new ListenerOptions { Name = "" })
        {
            Path = "listener",
            Summary = "Where clients connect. Without any `[[listener]]` in the file there are `tcp` and `ws`, and, once there is a "
                + "`[[certificate]]`, `tls` and `wss`, all on 127.0.0.1.",
            IsArray = true,
            Sections = [ListenerCertificate],
        }
        .Text("name", SettingKind.Text, o => o.Name, (o, v) => o with { Name = v },
            "The name in logs and in `listener.NAME.key`: 1 to 64 of a to z, 0 to 9, - and _.", "none; it must be set")
        .Choice("transport", Transports, o => o.Transport, (o, v) => o with { Transport = v },
            "How MQTT is carried.", "the name where that is a transport, else \"tcp\"")
        .Text("address", SettingKind.Address, o => o.Address, (o, v) => o with { Address = v },
            "The address to listen on. Beyond this machine it takes a `password_file`, or else `allow_anonymous = true`.")
        .Port("port", (o, v) => o with { Port = v },
            "The port to listen on.", "tcp 1883, tls 8883, ws 8083, wss 8084")
        .Text("path", SettingKind.Text, o => o.Path, (o, v) => o with { Path = v },
            "The path of the WebSocket URL, or the file of the Unix socket.", "ws, wss \"/mqtt\"; unix none, it must be set")
        .Text("permissions", SettingKind.Permissions, o => o.Permissions, (o, v) => o with { Permissions = v },
            "Who may connect to the Unix socket.")
        .Boolean("allow_anonymous", o => o.AllowAnonymous ?? false, (o, v) => o with { AllowAnonymous = v },
            "Whether clients without a user name are let in.", "true where only this machine can connect and nothing asks for passwords")
        .Text("password_file", SettingKind.File, o => o.PasswordFile, (o, v) => o with { PasswordFile = v },
            "The users of this listener, instead of those in `login.password_file`.")
        .Text("acl_file", SettingKind.File, o => o.AclFile, (o, v) => o with { AclFile = v },
            "The access file of this listener, instead of `access.acl_file`.", reloadable: true)
        .Text("mount_point", SettingKind.Text, o => o.MountPoint, (o, v) => o with { MountPoint = v },
            "A prefix, such as `site1/`, of all topics of this listener's clients; they do not see it.")
        .Integer("connections_max", 0, Int32Max, o => o.ConnectionsMax, (o, v) => o with { ConnectionsMax = (int)v },
            "Connections at a time through this listener; 0 for no limit.")
        .Integer("connect_rate_max", 0, 1_000_000, o => o.ConnectRateMax, (o, v) => o with { ConnectRateMax = (int)v },
            "New connections a second through this listener in the long run, ten seconds' worth at once; 0 for no limit. More are closed unread.")
        .Integer("publish_rate_max", 0, Int32Max, o => o.PublishRateMax, (o, v) => o with { PublishRateMax = (int)v },
            "Messages a second from all clients of this listener together; 0 for no limit. See `limits.rate_overflow`.")
        .Integer("receive_bytes_rate_max", 0, Int32Max, o => o.ReceiveBytesRateMax, (o, v) => o with { ReceiveBytesRateMax = (int)v },
            "Bytes a second from all clients of this listener together; 0 for no limit.")
        .Boolean("proxy_protocol", o => o.ProxyProtocol, (o, v) => o with { ProxyProtocol = v },
            "Whether a proxy in front sends the PROXY protocol header, version 1 or 2. Connections without one are closed.")
        .Choice(
            "tls_version_min",
            [("1.2", SslProtocols.Tls12), ("1.3", SslProtocols.Tls13)],
            o => o.TlsVersionMin,
            (o, v) => o with { TlsVersionMin = v },
            "The oldest TLS version accepted.")
        .Choice(
            "client_certificate",
            [("none", ClientCertificateMode.None), ("optional", ClientCertificateMode.Optional), ("required", ClientCertificateMode.Required)],
            o => o.ClientCertificate,
            (o, v) => o with { ClientCertificate = v },
            "Whether TLS clients are asked for a certificate, and whether they must have one.")
        .Text("client_ca_file", SettingKind.File, o => o.ClientCaFile, (o, v) => o with { ClientCaFile = v },
            "A PEM file, or a folder of them, of the authorities whose client certificates are accepted. A change of the files counts at once.")
        .Text("client_crl_file", SettingKind.File, o => o.ClientCrlFile, (o, v) => o with { ClientCrlFile = v },
            "Revocation lists, PEM or DER. The issuer of a client certificate needs a current one then. A change of the file counts at once.")
        .Choice("certificate_user", CertificateNames, o => o.CertificateUser, (o, v) => o with { CertificateUser = v },
            "What of the client certificate is the user name; then it needs no password.")
        .Choice("certificate_client_id", CertificateNames, o => o.CertificateClientId, (o, v) => o with { CertificateClientId = v },
            "What of the client certificate is the client identifier, besides `certificate_user`.")
        .Boolean("subprotocol_required", o => o.SubprotocolRequired, (o, v) => o with { SubprotocolRequired = v },
            "Whether WebSocket clients must offer the subprotocol `mqtt` or `mqttv3.1`.");

    private static Section<CertificateOptions> CreateCertificate(string path, string summary) =>
        new Section<CertificateOptions>(new CertificateOptions())
        {
            Path = path,
            Summary = summary + " Changed files are read again without a restart.",
            IsArray = true,
        }
        .Text("file", SettingKind.File, o => o.File, (o, v) => o with { File = v },
            "A PEM file with the certificate and its intermediates, or a PFX file (.pfx, .p12).", "none; it must be set", reloadable: true)
        .Text("key_file", SettingKind.File, o => o.KeyFile, (o, v) => o with { KeyFile = v },
            "The PEM file of the private key, where `file` does not hold it.", reloadable: true)
        .Text("password", SettingKind.Secret, o => o.Password, (o, v) => o with { Password = v },
            "The password of the private key. Better kept in `password_file` or in the environment.", reloadable: true)
        .Text("password_file", SettingKind.File, o => o.PasswordFile, (o, v) => o with { PasswordFile = v },
            "A file whose first line is the password.", reloadable: true);
}
