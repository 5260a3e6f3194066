using Avocet.Broker.Handlers;
using Avocet.Broker.Time;

namespace Avocet.Broker.Connections;

/// <summary>What holds for some clients only. Most connections have none.</summary>
internal sealed class ClientTerms
{
    private volatile bool _isDelayed;

    /// <summary>When what let the client in holds no longer.</summary>
    public long ValidUntil { get; set; } = Clock.Never;

    /// <summary>How fast it may send; null where there is no limit.</summary>
    public SendRate? Rate { get; set; }

    /// <summary>Whether it is not read from at present, because it sent too much.</summary>
    public bool IsDelayed
    {
        get => _isDelayed;
        set => _isDelayed = value;
    }

    /// <summary>The exchange of enhanced authentication, at CONNECT or later; null when the client chose none.</summary>
    public EnhancedAuthentication? Enhanced { get; set; }
}
