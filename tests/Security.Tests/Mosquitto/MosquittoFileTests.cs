using Avocet.Server.Configuration;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>What a mosquitto.conf becomes.</summary>
public sealed class MosquittoFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Empty_file_is_a_listener_on_this_machine_and_nothing_is_kept()
    {
        var configuration = Read("# nothing\n");

        var options = configuration.Options;
        Assert.Equal(["tcp1883 tcp 127.0.0.1:1883 "], options.Listeners.Select(Describe));
        Assert.Equal("", options.DataFolder);
        Assert.Contains("memory only", Assert.Single(configuration.Notes).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Global_options_are_taken_over()
    {
        var options = Read("""
            persistence true
            persistence_location /var/lib/mosquitto/
            persistent_client_expiration 2w
            max_inflight_messages 0
            max_queued_messages 500
            max_queued_bytes 0
            queue_qos0_messages true
            max_packet_size 65536
            max_keepalive 300
            retain_available false
            sys_interval 60
            global_max_connections 7
            memory_limit 100000000
            password_file /etc/users
            acl_file /etc/acl
            log_type error
            log_type warning
            """).Options;

        Assert.Equal("/var/lib/mosquitto/avocet", options.DataFolder);
        Assert.Equal(14u * 86_400, options.Broker.SessionExpiryMaxSeconds);
        Assert.Equal((65_535, 500, long.MaxValue, true), (options.Broker.InflightMax, options.Broker.QueueMessagesMax, options.Broker.QueueBytesMax, options.Broker.QueueQos0));
        Assert.Equal((65_536, 300, false, 60, 7), (options.Broker.PacketSizeMax, options.Broker.KeepAliveMaxSeconds, options.Broker.RetainAvailable, options.Broker.SysIntervalSeconds, options.Broker.ConnectionsMax));
        Assert.Equal(100_000_000 + (150 * 1024 * 1024), options.MemoryBytesMax);
        Assert.Equal(("/etc/users", "/etc/acl"), (options.Security.PasswordFile, options.Security.AclFile));
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, options.LogLevel);
    }

    [Fact]
    public void Listeners_have_their_own_options()
    {
        var options = Read("""
            per_listener_settings true
            listener 1883 localhost
            allow_anonymous true
            acl_file /etc/open.acl

            listener 8883
            certfile /etc/server.pem
            keyfile /etc/server.key
            cafile /etc/ca.pem
            crlfile /etc/crl.pem
            require_certificate true
            use_identity_as_username true
            tls_version tlsv1.3
            max_connections 9

            listener 9001 0.0.0.0
            protocol websockets
            password_file /etc/users
            mount_point site1/

            listener 0 /run/mqtt.sock
            max_connections -1
            """).Options;

        Assert.Equal(
            ["tcp1883 tcp localhost:1883 True", "tls8883 tls *:8883 False", "ws9001 ws 0.0.0.0:9001 False", "unix unix /run/mqtt.sock False"],
            options.Listeners.Select(Describe));
        var tls = options.Listeners[1];
        Assert.Equal(("/etc/server.pem", "/etc/server.key"), (tls.Certificates[0].File, tls.Certificates[0].KeyFile));
        Assert.Equal((Server.ClientCertificateMode.Required, "/etc/ca.pem", "/etc/crl.pem", CertificateName.Cn), (tls.ClientCertificate, tls.ClientCaFile, tls.ClientCrlFile, tls.CertificateUser));
        Assert.Equal((System.Security.Authentication.SslProtocols.Tls13, 9), (tls.TlsVersionMin, tls.ConnectionsMax));
        Assert.Equal(("/etc/open.acl", ""), (options.Listeners[0].AclFile, options.Listeners[0].PasswordFile));
        Assert.Equal(("/etc/users", "site1/", "/"), (options.Listeners[2].PasswordFile, options.Listeners[2].MountPoint, options.Listeners[2].Path));
    }

    [Fact]
    public void Old_form_of_the_default_listener_counts()
    {
        Assert.Equal(["tcp1884 tcp 127.0.0.1:1884 False"], Read("port 1884\nbind_address 127.0.0.1\n").Options.Listeners.Select(Describe));
        Assert.Equal(["tcp1884 tcp *:1884 True", "tcp1885 tcp 127.0.0.1:1885 True"], Read("port 1884\nallow_anonymous true\nlistener 1885 127.0.0.1\n").Options.Listeners.Select(Describe));
    }

    [Fact]
    public void Folder_is_included_in_the_order_of_names()
    {
        Directory.CreateDirectory(_folder.File("conf.d"));
        _folder.Write("conf.d/b.conf", "listener 2\n");
        _folder.Write("conf.d/a.conf", "listener 1 127.0.0.1\nallow_anonymous true\n");
        _folder.Write("conf.d/README", "not read\n");

        Assert.Equal([1, 2], Read($"include_dir {_folder.File("conf.d")}\n").Options.Listeners.Select(listener => listener.EffectivePort.ToBind));
    }

    [Fact]
    public void What_is_otherwise_is_named_with_its_line()
    {
        var notes = Read("""
            persistence true
            user mosquitto
            log_dest file /var/log/mosquitto.log
            plugin /usr/lib/mosquitto_other.so
            plugin_opt_config_file /etc/other.json
            listener 1883 127.0.0.1
            max_qos 1
            connection cloud
            address example.com
            topic # both 0
            bridge_cafile /etc/ca.pem
            """).Notes.Select(note => note.ToString()[(_folder.Path.Length + 1)..]).ToList();

        Assert.Equal(7, notes.Count);
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:2: user is not taken over: the process runs as", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:3: log_dest", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:4: plugin is not taken over: of Mosquitto's plugins only dynamic security", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:5: plugin_opt_config_file", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:7: max_qos counts for all listeners", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("mosquitto.conf:8: bridge 'cloud': there are no bridges yet", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so")]
    [InlineData("global_plugin mosquitto_dynamic_security.so")]
    [InlineData("plugin_load dynsec /usr/lib/mosquitto_dynamic_security.so")]
    public void Dynamic_security_is_taken_over_with_its_file(string plugin)
    {
        var configuration = Read($"persistence true\npersistence_location /data\nlistener 1883\n{plugin}\nplugin_opt_config_file /etc/dynsec.json\n");

        Assert.Empty(configuration.Errors);
        Assert.Equal(("/etc/dynsec.json", "/data/avocet"), (configuration.Options.Security.UsersFile, configuration.Options.DataFolder));
        Assert.Contains(configuration.Notes, note => note.ToString().Contains(":5: plugin_opt_config_file is read when there are no users yet", StringComparison.Ordinal));
    }

    [Fact]
    public void Dynamic_security_without_persistence_keeps_its_users_beside_the_file()
    {
        var configuration = Read("plugin mosquitto_dynamic_security.so\nplugin_opt_config_file /etc/m/dynsec.json\nplugin other.so\nplugin_opt_config_file /etc/other.json\n");

        Assert.Equal(("/etc/m/dynsec.json", "/etc/m/avocet"), (configuration.Options.Security.UsersFile, configuration.Options.DataFolder));
        Assert.Contains(configuration.Notes, note => note.ToString().Contains(":2: data is kept in /etc/m/avocet, for the sake of the users", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("listenr 1883", "1: Mosquitto has no option 'listenr'; the nearest is 'listener'")]
    [InlineData("listener 70000", "1: listener.port = \"70000\"")]
    [InlineData("listener 8883\npsk_hint x\npsk_file /etc/psk", "1: TLS with pre-shared keys")]
    [InlineData("include_dir /nowhere", "1: include_dir /nowhere: there is no such folder")]
    [InlineData("persistent_client_expiration 5", "1: persistent_client_expiration 5: it is a number and one of")]
    [InlineData("topic # out 0", "1: 'topic' belongs to a bridge")]
    [InlineData("listener 1883\nmount_point a", "2: listener.mount_point = \"a\"")]
    public void What_cannot_be_served_is_an_error_with_its_line(string text, string problem)
    {
        var error = Read(text).Errors[0].ToString();

        Assert.StartsWith($"{_folder.File("mosquitto.conf")}:{problem}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_of_Mosquitto_is_known()
    {
        foreach (var option in Options)
        {
            Assert.DoesNotContain(Read($"connection x\n{option} 1\n").Errors, error => error.Message.Contains("has no option", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Converted_file_says_the_same()
    {
        var configuration = Read("persistence true\npersistence_location /data\nlistener 1884 127.0.0.1\nallow_anonymous true\nmax_queued_messages 5\nuser me\n");

        var text = configuration.ConvertToToml();
        var again = ServerConfiguration.Read(new ConfigurationInput { FilePath = _folder.Write("avocet.toml", text) });

        Assert.Empty(again.Errors);
        Assert.StartsWith("# ", text, StringComparison.Ordinal);
        Assert.Contains("user is not taken over", text, StringComparison.Ordinal);
        Assert.Equal(configuration.Options.Listeners.Select(Describe), again.Options.Listeners.Select(Describe));
        Assert.Equal((configuration.Options.DataFolder, 5), (again.Options.DataFolder, again.Options.Broker.QueueMessagesMax));
    }

    [Theory]
    [InlineData("memory_limit 0", 0, null)]
    [InlineData("memory_limit 1", 157_286_401, null)]
    [InlineData("memory_limit -1", 0, "memory_limit -1: it is a number of bytes.")]
    [InlineData("memory_limit 10M", 0, "memory_limit 10M: it is a number of bytes.")]
    public void Memory_limit_leaves_room_for_the_runtime(string text, long bytes, string? error)
    {
        var configuration = Read(text);

        if (error is null) Assert.Equal(bytes, configuration.Options.MemoryBytesMax);
        else Assert.Contains(configuration.Errors, found => found.Message.Contains(error, StringComparison.Ordinal));
    }

    /// <summary>Those of the manual of 2.0, and what 2.1 added.</summary>
    private static readonly string[] Options =
    [
        "accept_protocol_versions", "acl_file", "address", "addresses", "allow_anonymous", "allow_duplicate_messages",
        "allow_zero_length_clientid", "auth_opt_anything", "auth_plugin", "auth_plugin_deny_special_chars", "auto_id_prefix",
        "autosave_interval", "autosave_on_changes", "bind_address", "bind_interface", "bridge_alpn", "bridge_attempt_unsubscribe",
        "bridge_bind_address", "bridge_cafile", "bridge_capath", "bridge_certfile", "bridge_identity", "bridge_insecure", "bridge_keyfile",
        "bridge_max_packet_size", "bridge_outgoing_retain", "bridge_protocol_version", "bridge_psk", "bridge_require_ocsp", "bridge_tls_version",
        "cafile", "capath", "certfile", "check_retain_source", "ciphers", "ciphers_tls1.3", "cleansession", "clientid_prefixes",
        "connection_messages", "crlfile", "dhparamfile", "enable_control_api", "global_max_connections", "global_plugin", "http_dir",
        "idle_timeout", "keepalive_interval", "keyfile", "listener", "listener_allow_anonymous", "listener_auto_id_prefix", "local_cleansession",
        "local_clientid", "local_password", "local_username", "log_dest", "log_facility", "log_timestamp", "log_timestamp_format", "log_type",
        "max_connections", "max_inflight_bytes", "max_inflight_messages", "max_keepalive", "max_packet_size", "max_qos", "max_queued_bytes",
        "max_queued_messages", "max_topic_alias", "memory_limit", "message_size_limit", "mount_point", "notification_topic", "notifications",
        "notifications_local_only", "password_file", "per_listener_settings", "persistence", "persistence_file", "persistence_location",
        "persistent_client_expiration", "pid_file", "plugin", "plugin_load", "plugin_opt_anything", "plugin_use", "port", "protocol",
        "proxy_protocol_v2", "psk_file", "psk_hint", "queue_qos0_messages", "remote_clientid", "remote_password", "remote_username",
        "require_certificate", "restart_timeout", "retain_available", "round_robin", "set_tcp_nodelay", "socket_domain", "start_type",
        "sys_interval", "threshold", "tls_engine", "tls_engine_kpass_sha1", "tls_keyform", "tls_version", "topic", "try_private",
        "upgrade_outgoing_qos", "use_identity_as_username", "use_subject_as_username", "use_username_as_clientid", "user",
        "websockets_headers_size", "websockets_log_level", "websockets_origin",
    ];

    private ServerConfiguration Read(string text) => ServerConfiguration.Read(new ConfigurationInput { FilePath = _folder.Write("mosquitto.conf", text) });

    private static string Describe(Server.ListenerOptions listener) =>
        $"{listener.Name} {listener.TransportName} {(listener.TransportName == "unix" ? listener.Path : $"{listener.Address}:{listener.EffectivePort}")} {listener.AllowAnonymous}";
}
