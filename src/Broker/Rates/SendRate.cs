using Avocet.Broker.Time;

namespace Avocet.Broker.Rates;

/// <summary>How fast one connection may send: all the budgets that it takes from. It belongs to the read loop.</summary>
internal sealed class SendRate(IReadOnlyList<SendBudget> budgets, Action giveBack, Clock clock)
{
    private volatile bool _isDelayed;
    private int _publishes;
    private long _bytes;

    /// <summary>Whether the client is not read from at present, because it sent too much.</summary>
    public bool IsDelayed
    {
        get => _isDelayed;
        set => _isDelayed = value;
    }

    /// <summary>A PUBLISH has come, of those that <see cref="Take"/> takes next.</summary>
    public void CountPublish() => _publishes++;

    /// <summary>The PUBLISH that was counted last will be handled, and counted, again.</summary>
    public void UncountPublish() => _publishes--;

    /// <summary>Bytes have come, of those that <see cref="Take"/> takes next.</summary>
    public void CountBytes(long bytes) => _bytes += bytes;

    /// <summary>Takes what was received; returns the milliseconds until as much would have been allowed by all, 0 if it is.</summary>
    public long Take(long bytes)
    {
        var (messages, now) = (_publishes, clock.Now);
        bytes += _bytes;
        (_publishes, _bytes) = (0, 0);
        var late = 0.0;
        foreach (var budget in budgets) late = Math.Max(late, budget.Take(messages, bytes, now));

        return (long)Math.Ceiling(late);
    }

    /// <summary>The connection sends no more.</summary>
    public void GiveBack() => giveBack();
}
