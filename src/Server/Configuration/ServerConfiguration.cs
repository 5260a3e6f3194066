using Avocet.Server.Configuration.Mosquitto;

namespace Avocet.Server.Configuration;

/// <summary>The configuration as it is in effect: the options, where each value comes from, and what is wrong.</summary>
public sealed class ServerConfiguration
{
    private ServerConfiguration(ServerOptions options, IReadOnlyList<ConfigurationError> errors, SettingTable root, string? filePath)
    {
        Options = options;
        Errors = errors;
        Root = root;
        FilePath = filePath;
    }

    /// <summary>To be used only when there are no <see cref="Errors"/>.</summary>
    public ServerOptions Options { get; }

    public IReadOnlyList<ConfigurationError> Errors { get; }

    /// <summary>The file it was read from; null for none.</summary>
    public string? FilePath { get; }

    /// <summary>What is otherwise than with the broker whose configuration file was read, in the order of its lines.</summary>
    public IReadOnlyList<ConfigurationNote> Notes { get; private init; } = [];

    internal SettingTable Root { get; }

    public static ServerConfiguration Read(ConfigurationInput input)
    {
        var errors = new List<ConfigurationError>();
        var assigner = new SettingAssigner(errors);
        var root = new SettingTable(ConfigurationKeys.Root, Origin.Default);
        var filePath = input.FilePath;
        if (filePath is null && input.Environment.TryGetValue(TextAssignments.FileVariable, out var named) && named.Length > 0) filePath = named;

        var notes = new List<ConfigurationNote>();
        if (filePath is not null && MosquittoFile.IsOne(filePath)) new MosquittoFile(filePath, assigner, notes).Read(root);
        else if (filePath is not null) new TomlFile(filePath, assigner).Read(root);

        var hasDefaultListeners = root.Items(ConfigurationKeys.Listener).Count == 0;
        if (hasDefaultListeners) AddListeners(root, ListenerTransport.Tcp, ListenerTransport.Ws);

        var texts = new TextAssignments(assigner);
        texts.ReadEnvironment(root, input.Environment);
        foreach (var assignment in input.Assignments) texts.ReadSet(root, assignment);

        var hasCertificates = root.Items(ConfigurationKeys.Certificate).Count > 0;
        if (hasDefaultListeners && hasCertificates) AddListeners(root, ListenerTransport.Tls, ListenerTransport.Wss);

        ApplyOptions(input, root, assigner);
        var options = new ConfigurationBinder(assigner).Bind(root);
        return new ServerConfiguration(options, errors, root, filePath) { Notes = notes };
    }

    /// <summary>The effective settings as TOML, each with a comment that says where it comes from. Passwords are left out.</summary>
    public string ToToml() => ConfigurationListing.Write(this);

    /// <summary>What was set, as a TOML file, with the notes as comments.</summary>
    public string ConvertToToml() => ConfigurationListing.WriteSet(this);

    private static void AddListeners(SettingTable root, params ReadOnlySpan<ListenerTransport> transports)
    {
        foreach (var transport in transports)
        {
            var name = ListenerOptions.NameOf(transport);
            var isThere = root.Items(ConfigurationKeys.Listener).Any(item => item.FindText("name") == name);
            if (!isThere) AddListener(root, name, Origin.Default);
        }
    }

    private static SettingTable AddListener(SettingTable root, string transport, Origin origin)
    {
        var item = root.AddItem(ConfigurationKeys.Listener, origin);
        item.Set(ConfigurationKeys.Listener.FindKey("name")!, transport, origin);
        item.Set(ConfigurationKeys.Listener.FindKey("transport")!, transport, origin);
        return item;
    }

    private static void ApplyOptions(ConfigurationInput input, SettingTable root, SettingAssigner assigner)
    {
        if (input.DataFolder is { } data) assigner.AssignText(root, "data", data, new Origin("--data"));
        if (input.LogLevel is { } level) assigner.AssignText(root, "log_level", level, new Origin("--log-level"));
        if (input.ConsolePort is { } consolePort) assigner.AssignText(root.Table(ConsoleKeys.Console), "port", consolePort, new Origin("--console-port"));
        if (input.Port is { } port) ApplyPort(root, "tcp", port, new Origin("--port"), assigner);
        if (input.WebSocketPort is { } webSocketPort) ApplyPort(root, "ws", webSocketPort, new Origin("--ws-port"), assigner);

        foreach (var listener in root.Items(ConfigurationKeys.Listener))
        {
            if (input.AllowAnonymous) assigner.AssignText(listener, "allow_anonymous", "true", new Origin("--allow-anonymous"));
            if (input.Bind is { } bind && ConfigurationBinder.TransportOf(listener) != "unix")
            {
                assigner.AssignText(listener, "address", bind, new Origin("--bind"));
            }
        }
    }

    private static void ApplyPort(SettingTable root, string transport, string port, Origin origin, SettingAssigner assigner)
    {
        var listeners = root.Items(ConfigurationKeys.Listener).Where(item => ConfigurationBinder.TransportOf(item) == transport).ToList();
        if (port == "0")
        {
            foreach (var listener in listeners) assigner.AssignText(listener, "port", port, origin);
            return;
        }

        assigner.AssignText(listeners.Count > 0 ? listeners[0] : AddListener(root, transport, origin), "port", port, origin);
    }
}
