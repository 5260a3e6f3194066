namespace Avocet.Security.Tokens;

/// <summary>Which JSON Web Tokens let clients in.</summary>
public sealed record TokenOptions
{
    /// <summary>A file with the secret of HS256, HS384 and HS512; empty for none.</summary>
    public string SecretFile { get; init; } = "";

    /// <summary>A PEM file with public keys or certificates of RSA or elliptic curves; empty for none.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>An HTTPS URL of a JSON Web Key Set; empty for none.</summary>
    public string KeySetUrl { get; init; } = "";

    /// <summary>How long a key set is used before it is asked for again.</summary>
    public int KeySetSeconds { get; init; } = 300;

    /// <summary>Where clients put their token.</summary>
    public TokenPlace Place { get; init; }

    /// <summary>What <c>iss</c> must be; empty for anything.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>What <c>aud</c> must contain; empty for anything.</summary>
    public string Audience { get; init; } = "";

    /// <summary>The claim that is the user name.</summary>
    public string UserClaim { get; init; } = "sub";

    /// <summary>Claims that must have a value, such as <c>client=${clientid}</c>, with commas between them.</summary>
    public string Claims { get; init; } = "";

    /// <summary>Whether tokens are looked at.</summary>
    public bool IsOn => SecretFile.Length > 0 || KeyFile.Length > 0 || KeySetUrl.Length > 0;

    /// <summary>Null when they are good, or what is wrong.</summary>
    public string? FindProblem()
    {
        if (KeySetUrl.Length > 0 && !(Uri.TryCreate(KeySetUrl, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback)))
        {
            return $"key_set_url = \"{KeySetUrl}\": it begins with https://; http:// is for this machine only";
        }

        return RequiredClaims.Any(claim => claim.Name.Length == 0 || claim.Value.Length == 0) ? $"claims = \"{Claims}\": a claim is name=value" : null;
    }

    internal IEnumerable<(string Name, string Value)> RequiredClaims =>
        Claims.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(claim => claim.Split('=', 2))
            .Select(parts => (parts[0].Trim(), parts.Length > 1 ? parts[1].Trim() : ""));
}
