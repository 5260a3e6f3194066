namespace Avocet.Server;

/// <summary>The management listener of <c>avocet serve</c>: console, API and metrics. A server embedded in another program has none.</summary>
public sealed record ConsoleOptions
{
    public const int DefaultPort = 18083;

    /// <summary>Null for <see cref="DefaultPort"/>, and none when that is taken.</summary>
    public ListenPort? Port { get; init; }

    /// <summary>An IP address, <c>localhost</c>, or <c>*</c> for all addresses of the machine.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Whether it speaks TLS, with <see cref="ServerOptions.Certificates"/>.</summary>
    public bool IsTls { get; init; }

    /// <summary>Names by which browsers may call it, with commas or blanks between them.</summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>Whether <c>/metrics</c> may be read from this machine without a key.</summary>
    public bool HasOpenMetrics { get; init; }

    /// <summary>Where metrics are sent to as OTLP over HTTP; empty for nowhere.</summary>
    public string OtlpEndpoint { get; init; } = "";
}
