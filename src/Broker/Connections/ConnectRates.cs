using Avocet.Broker.Time;

namespace Avocet.Broker.Connections;

/// <summary>How fast each address may connect. IPv6 addresses count by their network, for who has one has them all.</summary>
internal sealed class ConnectRates(int perSecond, Clock clock)
{
    /// <summary>Addresses that are remembered. With more than these at a time in debt, new ones are let in: the limit of connections counts then.</summary>
    private const int AddressesMax = 65_536;

    private const int BurstMilliseconds = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<PeerAddress, double> _fullAt = [];
    private long _nextSweep;

    /// <summary>Whether one more connection from there is allowed now. One that is refused does not count, so that whoever waits gets in.</summary>
    public bool TryTake(PeerAddress peer)
    {
        if (peer == default) return true;

        var network = peer.ToNetwork();
        lock (_gate)
        {
            var now = clock.Now;
            var fullAt = Math.Max(_fullAt.GetValueOrDefault(network), now) + (1000.0 / perSecond);
            if (fullAt - now > BurstMilliseconds) return false;

            if (_fullAt.Count >= AddressesMax) Sweep(now);
            if (_fullAt.Count < AddressesMax || _fullAt.ContainsKey(network)) _fullAt[network] = fullAt;
            return true;
        }
    }

    /// <summary>Forgets those who are not in debt, once a second at most.</summary>
    private void Sweep(long now)
    {
        if (now < _nextSweep) return;

        _nextSweep = now + 1000;
        foreach (var (network, fullAt) in _fullAt)
        {
            if (fullAt <= now) _fullAt.Remove(network);
        }
    }
}
