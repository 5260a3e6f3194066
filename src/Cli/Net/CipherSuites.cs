using System.Net.Security;

namespace Avocet.Cli.Net;

/// <summary>Cipher suites by name: as in the standards, and those in use as OpenSSL calls them, which mosquitto_pub takes.</summary>
internal static class CipherSuites
{
    /// <summary>Those that TLS 1.2 still needs; in TLS 1.3 both names are one.</summary>
    private static readonly Dictionary<string, TlsCipherSuite> OpenSsl = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ECDHE-ECDSA-AES256-GCM-SHA384"] = TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        ["ECDHE-RSA-AES256-GCM-SHA384"] = TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        ["ECDHE-ECDSA-CHACHA20-POLY1305"] = TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ["ECDHE-RSA-CHACHA20-POLY1305"] = TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ["ECDHE-ECDSA-AES128-GCM-SHA256"] = TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ["ECDHE-RSA-AES128-GCM-SHA256"] = TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ["DHE-RSA-AES256-GCM-SHA384"] = TlsCipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
        ["DHE-RSA-AES128-GCM-SHA256"] = TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
        ["AES256-GCM-SHA384"] = TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,
        ["AES128-GCM-SHA256"] = TlsCipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
    };

    /// <exception cref="CommandException">A name is not known.</exception>
    public static IReadOnlyList<TlsCipherSuite> Parse(string? list) =>
        [.. (list ?? "").Split([':', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseOne)];

    private static TlsCipherSuite ParseOne(string name)
    {
        if (OpenSsl.TryGetValue(name, out var known)) return known;
        if (name.StartsWith("TLS_", StringComparison.OrdinalIgnoreCase) && Enum.TryParse<TlsCipherSuite>(name, ignoreCase: true, out var suite)) return suite;

        throw new CommandException($"--ciphers: '{name}' is not known. Name suites such as TLS_AES_128_GCM_SHA256 or ECDHE-RSA-AES128-GCM-SHA256, with colons between; lists such as HIGH:!aNULL are not understood.");
    }
}
