using System.Globalization;

namespace Avocet.Server.Configuration.Mosquitto;

/// <summary>Writes what a mosquitto.conf says into the tables of the configuration.</summary>
internal sealed class MosquittoTables(SettingTable root, SettingAssigner assigner, List<ConfigurationNote> notes)
{
    /// <summary>Global options that are taken over, those of security apart.</summary>
    public static readonly HashSet<string> Globals =
    [
        "per_listener_settings", "persistence", "persistence_location", "persistent_client_expiration", "max_inflight_messages", "max_queued_messages", "max_queued_bytes",
        "max_packet_size", "message_size_limit", "max_keepalive", "retain_available", "queue_qos0_messages", "sys_interval", "global_max_connections", "log_dest", "global_max_clients", "memory_limit",
    ];

    /// <summary>Where Mosquitto's dynamic security has its users.</summary>
    public const string UsersFile = "plugin_opt_config_file";

    /// <summary>What the process needs besides what it keeps for its clients: Mosquitto's limit is without.</summary>
    private const long RuntimeBytes = 150L * 1024 * 1024;

    /// <summary>Mosquitto's own maximum where 0 means none.</summary>
    private const string CountMax = "2147483647";

    private readonly Origin _mosquitto = new("as Mosquitto does");

    public void WriteGlobals(Dictionary<string, MosquittoLine> globals, List<MosquittoLine> logTypes)
    {
        WriteData(globals);
        Copy(globals, "password_file", root.Table(SecurityKeys.Login), "password_file");
        WriteUsers(globals);
        Copy(globals, "acl_file", root.Table(SecurityKeys.Access), "acl_file");
        assigner.AssignText(root.Table(SecurityKeys.Access), "sys", "all", _mosquitto);
        var session = root.Table(ConfigurationKeys.Session);
        var limits = root.Table(ConfigurationKeys.Limits);
        var mqtt = root.Table(ConfigurationKeys.Mqtt);
        Copy(globals, "max_inflight_messages", session, "inflight_max", zero: "65535");
        Copy(globals, "max_queued_messages", session, "queue_messages_max", zero: CountMax);
        Copy(globals, "max_queued_bytes", session, "queue_bytes_max", zero: long.MaxValue.ToString(CultureInfo.InvariantCulture));
        Copy(globals, "queue_qos0_messages", session, "queue_qos0");
        Copy(globals, "max_packet_size", limits, "packet_size_max", zero: "268435460");
        Copy(globals, "max_keepalive", limits, "keep_alive_max_seconds");
        Copy(globals, "global_max_connections", limits, "connections_max", negative: "0");
        Copy(globals, "global_max_clients", limits, "connections_max", negative: "0");
        Copy(globals, "retain_available", mqtt, "retain_available");
        Copy(globals, "sys_interval", mqtt, "sys_interval_seconds");
        if (globals.GetValueOrDefault("message_size_limit") is { } size && size.Value != "0")
        {
            assigner.AssignText(limits, "packet_size_max", size.Value, size.Origin);
            notes.Add(new ConfigurationNote(size.Origin, "message_size_limit counts payloads; here it is the size of whole packets (limits.packet_size_max)."));
        }

        WriteMemory(globals, limits);
        WriteExpiration(globals, session);
        WriteLog(globals, logTypes);
    }

    public void WriteListener(MosquittoListener listener, bool isLocalOnly, bool isPerListener, Dictionary<string, MosquittoLine> globals)
    {
        if (listener.IsPsk)
        {
            assigner.Report(listener.Origin, "TLS with pre-shared keys (psk_file, psk_hint) is not possible: .NET has none. Give the listener a certfile and a keyfile, or remove it.");
            return;
        }

        var item = root.AddItem(ConfigurationKeys.Listener, listener.Origin);
        WritePlace(listener, isLocalOnly, item);
        Copy(listener, "max_connections", item, "connections_max", negative: "0");
        Copy(listener, "mount_point", item, "mount_point");
        Copy(listener, "password_file", item, "password_file");
        Copy(listener, "acl_file", item, "acl_file");
        Copy(listener, "proxy_protocol_v2", item, "proxy_protocol");
        var mqtt = root.Table(ConfigurationKeys.Mqtt);
        CopyToAll(listener, "max_qos", mqtt, "maximum_qos");
        CopyToAll(listener, "max_topic_alias", root.Table(ConfigurationKeys.Limits), "topic_alias_maximum");
        WriteAnonymous(listener, isLocalOnly, isPerListener, globals, item);
        if (listener.IsTls) WriteTls(listener, item);
        else if (listener.Find("cafile") is { } caFile) notes.Add(new ConfigurationNote(caFile.Origin, "cafile without certfile and keyfile does nothing: the listener has no TLS."));
    }

    private void WriteData(Dictionary<string, MosquittoLine> globals)
    {
        if (globals.GetValueOrDefault("persistence") is not { IsTrue: true } persistence)
        {
            // Mosquitto keeps its users in their file, persistence or not.
            if (globals.GetValueOrDefault(UsersFile) is { } users)
            {
                var folder = Path.Combine(Path.GetDirectoryName(users.Value) ?? "", "avocet");
                assigner.AssignText(root, "data", folder, users.Origin);
                notes.Add(new ConfigurationNote(users.Origin, $"data is kept in {folder}, for the sake of the users: sessions and retained messages too, although 'persistence' is not true."));
                return;
            }

            var origin = globals.GetValueOrDefault("persistence")?.Origin ?? _mosquitto;
            assigner.AssignText(root, "data", "", origin);
            notes.Add(new ConfigurationNote(origin, "without 'persistence true' sessions and retained messages live in memory only. --data FOLDER keeps them."));
            return;
        }

        var location = globals.GetValueOrDefault("persistence_location");
        assigner.AssignText(root, "data", Path.Combine(location?.Value ?? "", "avocet"), location?.Origin ?? persistence.Origin);
        notes.Add(new ConfigurationNote(persistence.Origin, $"data is kept in {Path.Combine(location?.Value ?? "", "avocet")}. 'avocet store import' takes over a mosquitto.db."));
    }

    private void WriteUsers(Dictionary<string, MosquittoLine> globals)
    {
        if (globals.GetValueOrDefault(UsersFile) is not { } line) return;

        Copy(globals, UsersFile, root.Table(SecurityKeys.Login), "users_file");
        notes.Add(new ConfigurationNote(line.Origin, $"{UsersFile} is read when there are no users yet, and never written: from then on the data folder has them. 'avocet users export' writes such a file."));
    }

    private void WriteMemory(Dictionary<string, MosquittoLine> globals, SettingTable limits)
    {
        if (globals.GetValueOrDefault("memory_limit") is not { Value: not "0" } line) return;

        if (!long.TryParse(line.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) || bytes > long.MaxValue - RuntimeBytes)
        {
            assigner.Report(line.Origin, $"memory_limit {line.Value}: it is a number of bytes.");
            return;
        }

        assigner.AssignText(limits, "memory_bytes_max", (bytes + RuntimeBytes).ToString(CultureInfo.InvariantCulture), line.Origin);
        notes.Add(new ConfigurationNote(line.Origin, "memory_limit is what Mosquitto allocates; limits.memory_bytes_max counts the whole process, so 150 MiB are added for the runtime."));
    }

    private void WriteExpiration(Dictionary<string, MosquittoLine> globals, SettingTable session)
    {
        if (globals.GetValueOrDefault("persistent_client_expiration") is not { } line) return;

        var seconds = line.Value.Length == 0 ? 0 : char.ToLowerInvariant(line.Value[^1]) switch
        {
            'h' => 3600L,
            'd' => 86_400,
            'w' => 7 * 86_400,
            'm' => 30 * 86_400,
            'y' => 365 * 86_400,
            _ => 0,
        };
        if (seconds == 0 || !int.TryParse(line.Value.AsSpan(0, line.Value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            assigner.Report(line.Origin, $"persistent_client_expiration {line.Value}: it is a number and one of h, d, w, m, y, such as 14d.");
            return;
        }

        assigner.AssignText(session, "session_expiry_max_seconds", Math.Min(uint.MaxValue, seconds * count).ToString(CultureInfo.InvariantCulture), line.Origin);
    }

    private void WriteLog(Dictionary<string, MosquittoLine> globals, List<MosquittoLine> logTypes)
    {
        if (globals.GetValueOrDefault("log_dest") is { } destination && destination.Value is not ("stdout" or "stderr"))
        {
            notes.Add(new ConfigurationNote(destination.Origin, "log_dest is not taken over: the log goes to standard output, where systemd, a container or '>' takes it."));
        }

        string[] levels = ["debug", "info", "warning", "error"];
        var wanted = logTypes.Select(line => line.Value switch
        {
            "all" or "debug" or "websockets" or "internal" => 0,
            "information" or "notice" or "subscribe" or "unsubscribe" => 1,
            "warning" => 2,
            _ => 3,
        }).ToList();
        if (wanted.Count > 0) assigner.AssignText(root, "log_level", levels[wanted.Min()], logTypes[wanted.IndexOf(wanted.Min())].Origin);
    }

    private void WritePlace(MosquittoListener listener, bool isLocalOnly, SettingTable item)
    {
        var parts = listener.Listen?.Value.Split([' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var (port, portOrigin) = parts.Length > 0 ? (parts[0], listener.Origin) : (listener.Find("port")?.Value ?? "1883", listener.Find("port")?.Origin ?? listener.Origin);
        var address = parts.Length > 1 ? parts[1] : listener.Find("bind_address")?.Value;
        if (port == "0" && address is not null && address.StartsWith('/'))
        {
            Name(item, "unix", portOrigin);
            assigner.AssignText(item, "transport", "unix", portOrigin);
            assigner.AssignText(item, "path", address, portOrigin);
            return;
        }

        var transport = (listener.IsWebSocket, listener.IsTls) switch { (false, false) => "tcp", (false, true) => "tls", (true, false) => "ws", (true, true) => "wss" };
        Name(item, transport + port, portOrigin);
        assigner.AssignText(item, "transport", transport, listener.Find("protocol")?.Origin ?? listener.Origin);
        assigner.AssignText(item, "port", port, portOrigin);
        if (listener.IsWebSocket) assigner.AssignText(item, "path", "/", _mosquitto);

        address ??= isLocalOnly ? "127.0.0.1" : listener.Find("socket_domain")?.Value switch { "ipv4" => "0.0.0.0", "ipv6" => "::", _ => "*" };
        assigner.AssignText(item, "address", address, portOrigin);
    }

    private void Name(SettingTable item, string name, Origin origin)
    {
        var names = root.Items(ConfigurationKeys.Listener).Select(other => other.FindText("name")).ToHashSet();
        var unique = name;
        for (var i = 2; names.Contains(unique); i++) unique = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");

        assigner.AssignText(item, "name", unique, origin);
    }

    private void WriteAnonymous(MosquittoListener listener, bool isLocalOnly, bool isPerListener, Dictionary<string, MosquittoLine> globals, SettingTable item)
    {
        var line = listener.Find("listener_allow_anonymous") ?? (isPerListener ? listener.Find("allow_anonymous") : globals.GetValueOrDefault("allow_anonymous"));
        if (line is not null)
        {
            assigner.AssignText(item, "allow_anonymous", line.IsTrue ? "true" : "false", line.Origin);
            return;
        }

        var passwords = listener.Find("password_file") ?? globals.GetValueOrDefault("password_file");
        if (!isLocalOnly) assigner.AssignText(item, "allow_anonymous", "false", _mosquitto);
        else if (passwords is not null) notes.Add(new ConfigurationNote(passwords.Origin, "with a password_file clients have to log in; Mosquitto without a listener also lets in those who do not (allow_anonymous true)."));
    }

    private void WriteTls(MosquittoListener listener, SettingTable item)
    {
        var certificate = item.AddItem(ConfigurationKeys.ListenerCertificate, listener.Find("certfile")?.Origin ?? listener.Origin);
        Copy(listener, "certfile", certificate, "file");
        Copy(listener, "keyfile", certificate, "key_file");
        if (listener.Find("tls_version") is { } version)
        {
            assigner.AssignText(item, "tls_version_min", version.Value == "tlsv1.3" ? "1.3" : "1.2", version.Origin);
            if (version.Value is not ("tlsv1.2" or "tlsv1.3")) notes.Add(new ConfigurationNote(version.Origin, $"tls_version {version.Value}: the oldest version here is 1.2."));
        }

        if (listener.Find("require_certificate") is not { IsTrue: true } required) return;

        assigner.AssignText(item, "client_certificate", "required", required.Origin);
        Copy(listener, "capath", item, "client_ca_file");
        Copy(listener, "cafile", item, "client_ca_file");
        Copy(listener, "crlfile", item, "client_crl_file");
        if (listener.Find("use_identity_as_username") is { IsTrue: true } identity) assigner.AssignText(item, "certificate_user", "cn", identity.Origin);
        if (listener.Find("use_subject_as_username") is { IsTrue: true } subject) assigner.AssignText(item, "certificate_user", "dn", subject.Origin);
    }

    private void Copy(MosquittoListener listener, string option, SettingTable table, string key, string? negative = null)
    {
        if (listener.Find(option) is { } line) Copy(line, table, key, null, negative);
    }

    private void Copy(Dictionary<string, MosquittoLine> lines, string option, SettingTable table, string key, string? zero = null, string? negative = null)
    {
        if (lines.GetValueOrDefault(option) is { } line) Copy(line, table, key, zero, negative);
    }

    private void Copy(MosquittoLine line, SettingTable table, string key, string? zero, string? negative)
    {
        var value = line.Value == "0" && zero is not null ? zero : line.Value.StartsWith('-') && negative is not null ? negative : line.Value;
        assigner.AssignText(table, key, value, line.Origin);
    }

    private void CopyToAll(MosquittoListener listener, string option, SettingTable table, string key)
    {
        if (listener.Find(option) is not { } line) return;

        assigner.AssignText(table, key, line.Value, line.Origin);
        notes.Add(new ConfigurationNote(line.Origin, $"{option} counts for all listeners here ({table.Section.PathOf(key)})."));
    }
}
