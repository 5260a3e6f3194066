using System.Net;
using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>Where the clients connect, and as what.</summary>
internal sealed record ClientSettings
{
    public required IPEndPoint EndPoint { get; init; }

    public ProtocolVersion Version { get; init; } = ProtocolVersion.V311;

    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>In client identifiers and topics, so that two runs do not meet.</summary>
    public required string RunId { get; init; }
}
