using System.Text.RegularExpressions;
using Avocet.Management.Access;
using Avocet.Management.Resources;
using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Web;

/// <summary>What pages may load and connect to, where it is not what holds for all answers.</summary>
internal static partial class ContentSecurity
{
    private const string OwnOnly = "connect-src 'self'";
    private const string OwnStyles = "style-src 'self'";

    /// <summary>
    /// The policy of the API's reference: its script, which is not ours to change, writes its style sheet into the page and sets styles of elements. Scripts are our own files only, here as
    /// elsewhere, and what a style could load comes from this broker only.
    /// </summary>
    public static readonly string ReferencePolicy = RequestGuard.ContentSecurityPolicy.Replace(OwnStyles, OwnStyles + " 'unsafe-inline'", StringComparison.Ordinal);

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
