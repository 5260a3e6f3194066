namespace Avocet.Security.Login;

/// <summary>Limits of who may try to log in, and how often.</summary>
public sealed record LoginOptions
{
    /// <summary>Addresses that may connect, with commas or blanks between them; empty for all.</summary>
    public string AllowFrom { get; init; } = "";

    /// <summary>Addresses that may not connect.</summary>
    public string DenyFrom { get; init; } = "";

    /// <summary>Failed log-ins from an address within <see cref="BanSeconds"/> after which it is banned; 0 for never.</summary>
    public int FailuresMax { get; init; } = 10;

    /// <summary>The same for a user, from wherever; 0 for never, so that nobody can lock others out.</summary>
    public int UserFailuresMax { get; init; }

    /// <summary>How long a ban lasts, and how long failures count.</summary>
    public int BanSeconds { get; init; } = 300;

    /// <summary>Milliseconds that the answer to a failed log-in is held back, times the failures so far; at most 5 s.</summary>
    public int DelayMilliseconds { get; init; } = 200;

    /// <summary>Bits of an IPv4 address that clients of one place share.</summary>
    public int Ipv4Prefix { get; init; } = 32;

    /// <summary>Bits of an IPv6 address that clients of one place share.</summary>
    public int Ipv6Prefix { get; init; } = 64;

    /// <summary>Which client identifiers a user may have.</summary>
    public ClientIdBinding ClientId { get; init; }
}
