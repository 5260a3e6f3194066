using Avocet.Broker.Handlers;
using Avocet.Broker.Security;
using Avocet.Broker.Time;

namespace Avocet.Broker.Connections;

/// <summary>What holds for some clients only. Most connections have none, and an idle one shall be small.</summary>
internal sealed class ClientTerms
{
    /// <summary>When what let the client in holds no longer.</summary>
    public long ValidUntil { get; set; } = Clock.Never;

    /// <summary>The user as which it counts against the limit of connections; null where it does not.</summary>
    public string? CountedUser { get; set; }

    /// <summary>The exchange of enhanced authentication, at CONNECT or later; null when the client chose none.</summary>
    public EnhancedAuthentication? Enhanced { get; set; }

    /// <summary>Who is asked about the packet at hand, until it has been handled again.</summary>
    public RemoteAccess? HeldFor { get; set; }
}
