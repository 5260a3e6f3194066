using System.Net;
using System.Net.Security;

namespace Avocet.Management;

/// <summary>Where the management listener is, and whom it answers.</summary>
public sealed record ManagementOptions
{
    /// <summary>Where to listen; port 0 for any free one.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 18083);

    /// <summary>The certificate for a host that a client names; null for no TLS.</summary>
    public Func<string?, SslServerAuthenticationOptions>? SelectCertificate { get; init; }

    /// <summary>Names of this machine that a browser may use, besides localhost, addresses and the machine's own name.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Whether <c>/metrics</c> may be read from this machine without a key.</summary>
    public bool HasOpenMetrics { get; init; }

    /// <summary>Where metrics are sent to as OTLP over HTTP, the whole URL; null for nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Headers that go with them, as <c>name=value,name=value</c>; null for none.</summary>
    public string? OtlpHeaders { get; init; }

    /// <summary>How often.</summary>
    public TimeSpan OtlpInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The folder of <c>console.json</c> and the audit log; null to keep both in memory.</summary>
    public string? DataFolder { get; init; }

    public bool IsTls => SelectCertificate is not null;
}
