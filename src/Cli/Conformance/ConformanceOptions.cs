using Avocet.Cli.Net;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>What to check, and where.</summary>
internal sealed record ConformanceOptions
{
    public required BrokerUrl Url { get; init; }

    public TlsTrust Trust { get; init; } = new();

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public IReadOnlyList<ProtocolVersion> Versions { get; init; } = [ProtocolVersion.V50, ProtocolVersion.V311];

    /// <summary>Parts of names and rules; all checks when there are none.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Of every single wait.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Settle { get; init; } = TimeSpan.FromMilliseconds(150);
}
