namespace Avocet.Broker.Monitoring.Topics;

/// <summary>
/// How many tallies a publisher may open. A gateway that goes round hundreds of topics as fast as it can would open one for nearly every message, which costs more than the
/// message: beyond a number in each period one message of many is counted, and stands for all of them.
/// </summary>
internal struct TallyBudget
{
    /// <summary>Tallies that are opened one for one, in a period of the statistics.</summary>
    public const int ExactMax = 250;

    /// <summary>Beyond that, the messages that one stands for.</summary>
    public const int Weight = 64;

    private int _period;
    private int _asked;

    /// <summary>How many messages the next tally begins with; 0 where none is to be opened.</summary>
    public int Take(int period)
    {
        if (_period != period) (_period, _asked) = (period, 0);

        var asked = ++_asked;
        if (asked <= ExactMax) return 1;

        return (asked - ExactMax) % Weight == 0 ? Weight : 0;
    }
}
