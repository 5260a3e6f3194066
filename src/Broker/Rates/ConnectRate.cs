using Avocet.Broker.Time;

namespace Avocet.Broker.Rates;

/// <summary>
/// How often each of many may connect: a token bucket for each key, kept as the time at which it would be full again. Who is over the limit is refused, and
/// does not count, so that whoever waits gets in; or is kept out for a while, where that is asked for.
/// </summary>
/// <param name="perSecond">Connections a second in the long run.</param>
/// <param name="burst">How many may come at once.</param>
/// <param name="banMilliseconds">For how long who is over the limit is kept out; 0 for no longer than it is over it.</param>
/// <param name="clock">The clock.</param>
internal sealed class ConnectRate<TKey>(double perSecond, double burst, long banMilliseconds, Clock clock)
    where TKey : notnull
{
    /// <summary>Keys that are remembered. With more than these in debt at a time, new ones are let in: the limit of connections counts then.</summary>
    private const int KeysMax = 65_536;

    private readonly double _perConnection = 1000 / perSecond;
    private readonly double _burstMilliseconds = burst * 1000 / perSecond;
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, double> _fullAt = [];
    private long _nextSweep;

    /// <summary>Whether one more connection of it is allowed now.</summary>
    /// <param name="key">Who connects.</param>
    /// <param name="isBanBegun">Whether it is kept out from now on.</param>
    public bool TryTake(TKey key, out bool isBanBegun)
    {
        isBanBegun = false;
        lock (_gate)
        {
            var now = clock.Now;
            var debt = Math.Max(_fullAt.GetValueOrDefault(key) - now, 0);
            if (debt + _perConnection > _burstMilliseconds + 0.001)
            {
                // Once only: who goes on trying must not be kept out for ever.
                isBanBegun = banMilliseconds > 0 && debt <= _burstMilliseconds;
                if (isBanBegun) _fullAt[key] = now + _burstMilliseconds + banMilliseconds;
                return false;
            }

            if (_fullAt.Count >= KeysMax) Sweep(now);
            if (_fullAt.Count < KeysMax || _fullAt.ContainsKey(key)) _fullAt[key] = now + debt + _perConnection;
            return true;
        }
    }

    /// <summary>Forgets those who are not in debt, once a second at most.</summary>
    private void Sweep(long now)
    {
        if (now < _nextSweep) return;

        _nextSweep = now + 1000;
        foreach (var (key, fullAt) in _fullAt)
        {
            if (fullAt <= now) _fullAt.Remove(key);
        }
    }
}
