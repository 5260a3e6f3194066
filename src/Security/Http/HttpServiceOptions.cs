namespace Avocet.Security.Http;

/// <summary>A web service and how it is asked.</summary>
public abstract record HttpServiceOptions
{
    /// <summary>Where to ask; empty for nowhere.</summary>
    public string Url { get; init; } = "";

    /// <summary>A file with a bearer token for the service; empty for none.</summary>
    public string TokenFile { get; init; } = "";

    /// <summary>Milliseconds that an answer may take.</summary>
    public int TimeoutMilliseconds { get; init; } = 2000;

    /// <summary>Requests at a time.</summary>
    public int RequestsMax { get; init; } = 32;

    /// <summary>How long an answer is remembered; 0 for not at all.</summary>
    public int CacheSeconds { get; init; } = 30;

    /// <summary>Null when they are good, or what is wrong.</summary>
    public string? FindProblem() =>
        Url.Length == 0 || (Uri.TryCreate(Url, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
            ? null
            : $"url = \"{Url}\": it begins with https://; http:// is for this machine only";
}
