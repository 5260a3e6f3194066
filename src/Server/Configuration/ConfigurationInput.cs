using System.Collections;

namespace Avocet.Server.Configuration;

/// <summary>What the configuration is made of; later ones win: file, environment, <see cref="Assignments"/>, the other options.</summary>
public sealed record ConfigurationInput
{
    /// <summary>The TOML file; null for none.</summary>
    public string? FilePath { get; init; }

    /// <summary>Environment variables; those that begin with <c>AVOCET_</c> count.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--set key=value</c>.</summary>
    public IReadOnlyList<string> Assignments { get; init; } = [];

    /// <summary><c>--bind</c>: the address of all listeners.</summary>
    public string? Bind { get; init; }

    /// <summary><c>--port</c>: the port of the first listener with transport <c>tcp</c>; 0 turns all of them off.</summary>
    public string? Port { get; init; }

    /// <summary><c>--ws-port</c>: the same for transport <c>ws</c>.</summary>
    public string? WebSocketPort { get; init; }

    /// <summary><c>--console-port</c>: the port of the management listener.</summary>
    public string? ConsolePort { get; init; }

    /// <summary><c>--allow-anonymous</c>: for all listeners.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary><c>--data</c>.</summary>
    public string? DataFolder { get; init; }

    /// <summary><c>--log-level</c>.</summary>
    public string? LogLevel { get; init; }

    /// <summary>The environment of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment()
    {
        var environment = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return environment;
    }
}
