using Avocet.Client;

namespace Avocet.Cli.Clients;

/// <summary>What the options of connecting said.</summary>
/// <param name="Options">For the client library.</param>
/// <param name="Properties">All that -D gave.</param>
internal sealed record ClientSettings(MqttClientOptions Options, IReadOnlyList<string> Properties)
{
    /// <summary>Of the URL; null for none.</summary>
    public string? Topic { get; init; }

    public bool IsDebug { get; init; }

    public bool IsQuiet { get; init; }
}
