using System.Text.RegularExpressions;
using Avocet.Management.Access;
using Avocet.Management.Resources;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Web;

/// <summary>What the console's page may load and connect to.</summary>
internal static partial class ContentSecurity
{
    private const string OwnOnly = "connect-src 'self'";

    /// <summary>The policy of everything here, and besides the broker's own WebSocket listeners, at the host that the browser knows.</summary>
    public static string PolicyFor(HostString host, IReadOnlyList<ListenerDocument> listeners)
    {
        var sources = listeners.Select(listener => SourceOf(host, listener)).OfType<string>().Distinct();
        return RequestGuard.ContentSecurityPolicy.Replace(OwnOnly, string.Join(' ', [OwnOnly, .. sources]), StringComparison.Ordinal);
    }

    private static string? SourceOf(HostString host, ListenerDocument listener)
    {
        var address = WebSocketAddress().Match(listener.Address);
        if (!address.Success) return null;

        // What stands in the Host header got through HostCheck; that it is the name of a host at all is made sure here.
        return Uri.CheckHostName(host.Host.Trim('[', ']')) == UriHostNameType.Unknown ? null : $"{address.Groups[1].ValueSpan}://{host.Host}:{address.Groups[2].ValueSpan}";
    }

    [GeneratedRegex("^(wss?)://.*:([0-9]+)(?:/|$)")]
    private static partial Regex WebSocketAddress();
}
