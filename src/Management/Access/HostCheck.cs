using System.Net;

namespace Avocet.Management.Access;

/// <summary>
/// Which names a request may call us by. A page of another site can make its own name point to this machine (DNS rebinding) and then talk to us as if we were that
/// site; its name gives it away. An address cannot be borrowed that way.
/// </summary>
internal sealed class HostCheck(IReadOnlyList<string> allowedHosts)
{
    private readonly HashSet<string> _names = new(allowedHosts.Append("localhost").Append(Environment.MachineName), StringComparer.OrdinalIgnoreCase);

    public bool IsAllowed(string host)
    {
        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        return _names.Contains(bare) || (IPAddress.TryParse(bare, out _) && (bare.Contains(':') || bare.Count(c => c == '.') == 3));
    }
}
