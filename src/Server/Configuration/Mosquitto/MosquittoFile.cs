using System.Globalization;

namespace Avocet.Server.Configuration.Mosquitto;

/// <summary>
/// Reads a mosquitto.conf into the tables of the configuration, each value with its line. Every option of Mosquitto 2.0 and 2.1 is taken over, needs nothing, or
/// is named in a note; one that Mosquitto does not know is an error, as it is there.
/// </summary>
internal sealed class MosquittoFile(string path, SettingAssigner assigner, List<ConfigurationNote> notes)
{
    private const int DepthMax = 8;

    private static readonly HashSet<string> ListenerOptions =
    [
        "bind_address", "port", "max_connections", "mount_point", "protocol", "socket_domain", "cafile", "capath", "certfile", "keyfile", "crlfile", "require_certificate",
        "tls_version", "use_identity_as_username", "use_subject_as_username", "psk_hint", "psk_file", "listener_allow_anonymous", "proxy_protocol_v2", "max_qos", "max_topic_alias",
    ];

    private static readonly HashSet<string> SecurityOptions = ["allow_anonymous", "password_file", "acl_file", "psk_file"];

    private readonly Dictionary<string, MosquittoLine> _globals = [];
    private readonly List<MosquittoLine> _logTypes = [];
    private readonly List<MosquittoListener> _listeners = [];
    private readonly MosquittoListener _default = new(new Origin(path));
    private bool _isDynamicSecurity;
    private bool _isPerListener;

    /// <summary>Whether a file has this form, by its name.</summary>
    public static bool IsOne(string path) => path.EndsWith(".conf", StringComparison.OrdinalIgnoreCase);

    public void Read(SettingTable root)
    {
        // It counts for lines above it too.
        _isPerListener = Lines(path).Any(line => line is { Name: "per_listener_settings", IsTrue: true });
        ReadFile(path, 0);
        if (_listeners.Count == 0 || _default.Listen is not null || _default.Find("port") is not null || _default.Find("bind_address") is not null) _listeners.Insert(0, _default);

        var table = new MosquittoTables(root, assigner, notes);
        table.WriteGlobals(_globals, _logTypes);
        var isLocalOnly = _listeners is [var only] && only == _default && _default.Find("port") is null && _default.Find("bind_address") is null;
        foreach (var listener in _listeners) table.WriteListener(listener, isLocalOnly, _isPerListener, _globals);
    }

    private void ReadFile(string file, int depth)
    {
        // Each file begins with the default listener, as with Mosquitto.
        var listener = _default;
        string? bridge = null;
        foreach (var line in Lines(file))
        {
            var name = line.Name;
            if (name == "listener")
            {
                listener = new MosquittoListener(line.Origin) { Listen = line };
                _listeners.Add(listener);
                bridge = null;
            }
            else if (name == "connection")
            {
                bridge = line.Value;
                notes.Add(new ConfigurationNote(line.Origin, $"bridge '{bridge}': there are no bridges yet, so nothing is bridged. A bridge configured at the other broker can connect here."));
            }
            else if (MosquittoNotes.Bridge.Contains(name) || name.StartsWith("bridge_", StringComparison.Ordinal))
            {
                if (bridge is null) assigner.Report(line.Origin, $"'{name}' belongs to a bridge; there is no 'connection' above it.");
            }
            else if (name == "include_dir")
            {
                Include(line, depth);
            }
            else
            {
                Take(line, listener);
            }
        }
    }

    private void Include(MosquittoLine line, int depth)
    {
        if (!Directory.Exists(line.Value))
        {
            assigner.Report(line.Origin, $"include_dir {line.Value}: there is no such folder.");
        }
        else if (depth >= DepthMax)
        {
            assigner.Report(line.Origin, $"include_dir {line.Value}: folders include each other more than {DepthMax} deep.");
        }
        else
        {
            var files = Directory.EnumerateFiles(line.Value).Where(file => file.EndsWith(".conf", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            foreach (var file in files.ToList()) ReadFile(file, depth + 1);
        }
    }

    private void Take(MosquittoLine line, MosquittoListener listener)
    {
        var name = line.Name;
        if (SecurityOptions.Contains(name) && (_isPerListener || name == "psk_file")) listener.Set(line);
        else if (ListenerOptions.Contains(name)) listener.Set(line);
        else if (name == "log_type") _logTypes.Add(line);
        else if (name is "plugin" or "global_plugin" or "auth_plugin" or "plugin_load" && TakePlugin(line)) return;
        else if (name == MosquittoTables.UsersFile && _isDynamicSecurity) _globals[name] = line;
        else if (MosquittoTables.Globals.Contains(name) || SecurityOptions.Contains(name)) _globals[name] = line;
        else if (MosquittoNotes.Needless.Contains(name)) _globals[name] = line;
        else if (MosquittoNotes.Unsupported.TryGetValue(name, out var reason)) notes.Add(new ConfigurationNote(line.Origin, $"{name} is not taken over: {reason}."));
        else if (IsPluginOption(name)) notes.Add(new ConfigurationNote(line.Origin, $"{name} is not taken over: Mosquitto's plugins cannot be loaded."));
        else assigner.Report(line.Origin, $"Mosquitto has no option '{name}'{Nearest(name)}.");
    }

    /// <summary>Dynamic security is the one plugin whose work is done here, at all listeners. Options below a plugin are its own.</summary>
    private bool TakePlugin(MosquittoLine line)
    {
        // Those of 2.1 have a name before the file.
        var file = Path.GetFileName(line.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "");
        _isDynamicSecurity = file.StartsWith("mosquitto_dynamic_security.", StringComparison.Ordinal);
        return _isDynamicSecurity;
    }

    private static bool IsPluginOption(string name) => name.StartsWith("plugin_opt_", StringComparison.Ordinal) || name.StartsWith("auth_opt_", StringComparison.Ordinal);

    private static string Nearest(string name)
    {
        var names = ListenerOptions.Concat(SecurityOptions).Concat(MosquittoTables.Globals).Concat(MosquittoNotes.Unsupported.Keys).Concat(MosquittoNotes.Needless).Concat(["listener", "include_dir", "connection"]);
        return NearestName.Find(name, names) is { } nearest ? $"; the nearest is '{nearest}'" : "";
    }

    private List<MosquittoLine> Lines(string file)
    {
        var lines = new List<MosquittoLine>();
        string[] texts;
        try
        {
            texts = File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            assigner.Report(new Origin(file), $"cannot be read: {exception.Message}");
            return lines;
        }

        for (var i = 0; i < texts.Length; i++)
        {
            var text = texts[i].Trim();
            if (text.Length == 0 || text[0] == '#') continue;

            var blank = text.AsSpan().IndexOfAny(' ', '\t');
            var origin = new Origin(string.Create(CultureInfo.InvariantCulture, $"{file}:{i + 1}"));
            lines.Add(blank < 0 ? new MosquittoLine(text, "", origin) : new MosquittoLine(text[..blank], text[blank..].Trim(), origin));
        }

        return lines;
    }
}
