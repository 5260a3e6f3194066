using System.Collections.Frozen;

namespace Avocet.Server.Configuration.Mosquitto;

/// <summary>What is said of Mosquitto's options that have no key of ours.</summary>
internal static class MosquittoNotes
{
    /// <summary>Options that need nothing here: Avocet does always what they ask for, or they ask for what it does without them.</summary>
    public static readonly FrozenSet<string> Needless = new[]
    {
        "set_tcp_nodelay", "autosave_interval", "autosave_on_changes", "allow_duplicate_messages", "pid_file", "log_timestamp", "log_timestamp_format",
    }.ToFrozenSet();

    /// <summary>Options of a bridge: they come after <c>connection</c>.</summary>
    public static readonly FrozenSet<string> Bridge = new[]
    {
        "address", "addresses", "topic", "cleansession", "clientid", "local_cleansession", "keepalive_interval", "idle_timeout", "local_clientid", "local_password",
        "local_username", "notifications", "notifications_local_only", "notification_topic", "remote_clientid", "remote_password", "remote_username", "username",
        "password", "restart_timeout", "round_robin", "start_type", "threshold", "try_private",
    }.ToFrozenSet();

    public static readonly FrozenDictionary<string, string> Unsupported = new Dictionary<string, string>
    {
        ["accept_protocol_versions"] = "every listener speaks 3.1, 3.1.1 and 5.0",
        ["allow_zero_length_clientid"] = "clients without an identifier are always given one, where their version allows that; there is no switch yet",
        ["auth_plugin"] = "Mosquitto's plugins cannot be loaded; password_file and acl_file work, and programs that embed Avocet have interfaces for their own",
        ["auth_plugin_deny_special_chars"] = "a client identifier or user name with '+', '#' or '/' never matches %c or %u",
        ["auto_id_prefix"] = "assigned identifiers begin with 'auto-'",
        ["listener_auto_id_prefix"] = "assigned identifiers begin with 'auto-'",
        ["bind_interface"] = "name the address of the interface in 'listener PORT ADDRESS' instead",
        ["check_retain_source"] = "whoever publishes is checked at that time, and whoever receives at the time of delivery; retained messages of one who may no longer publish stay",
        ["ciphers"] = "the ciphers are those of the system's OpenSSL without the weak ones; its configuration (OPENSSL_CONF) restricts them further",
        ["ciphers_tls1.3"] = "the ciphers are those of the system's OpenSSL; its configuration (OPENSSL_CONF) restricts them further",
        ["clientid_prefixes"] = "nearest is login.client_id = \"prefix\", which binds identifiers to user names",
        ["connection_messages"] = "connections are logged at level info; log_type without information and notice leaves them out",
        ["dhparamfile"] = "key exchange is by elliptic curves, which need no parameters",
        ["enable_control_api"] = "of the $CONTROL topics there is that of dynamic security only",
        ["global_plugin"] = "of Mosquitto's plugins only dynamic security is known here, and none can be loaded",
        ["http_dir"] = "no files are served",
        ["log_facility"] = "the log goes to standard output, where systemd or the container runtime takes it",
        ["max_inflight_bytes"] = "the window is counted in messages: max_inflight_messages",
        ["persistence_file"] = "the store is a folder; 'avocet store import' reads a mosquitto.db into it",
        ["plugin"] = "of Mosquitto's plugins only dynamic security is known here, and none can be loaded",
        ["plugin_load"] = "Mosquitto's plugins cannot be loaded",
        ["plugin_use"] = "Mosquitto's plugins cannot be loaded",
        ["proxy_protocol_v2_require_tls"] = "nearest is TLS on the listener itself",
        ["tls_engine"] = "keys are read from files",
        ["tls_engine_kpass_sha1"] = "keys are read from files",
        ["tls_keyform"] = "keys are read from PEM or PFX files",
        ["upgrade_outgoing_qos"] = "a message is delivered with the QoS of message or subscription, whichever is lower, as MQTT asks for",
        ["use_username_as_clientid"] = "nearest is login.client_id = \"equal\", which refuses other client identifiers instead of replacing them",
        ["user"] = "the process runs as who starts it; systemd's User= or the container names another",
        ["websockets_headers_size"] = "the size of HTTP headers has a fixed bound",
        ["websockets_log_level"] = "the log has one level: log_type",
        ["websockets_origin"] = "the Origin of WebSocket clients is not looked at yet",
    }.ToFrozenDictionary();
}
