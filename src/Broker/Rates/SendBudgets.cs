using Avocet.Broker.Time;

namespace Avocet.Broker.Rates;

/// <summary>The budgets of all users, or of all addresses. What is in debt stays when its last connection has gone, or it would be new with the next one.</summary>
internal sealed class SendBudgets<TKey>(int publishRateMax, int bytesRateMax, Clock clock)
    where TKey : notnull
{
    /// <summary>Budgets without a connection that are remembered.</summary>
    private const int UnusedMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, SendBudget> _budgets = [];
    private int _unused;

    public static SendBudgets<TKey>? Of(int publishRateMax, int bytesRateMax, Clock clock) =>
        publishRateMax == 0 && bytesRateMax == 0 ? null : new SendBudgets<TKey>(publishRateMax, bytesRateMax, clock);

    /// <summary>The budget of one, until it is given back.</summary>
    public SendBudget Rent(TKey key)
    {
        lock (_gate)
        {
            if (!_budgets.TryGetValue(key, out var budget)) _budgets[key] = budget = new SendBudget(publishRateMax, bytesRateMax);
            else if (budget.Users == 0) _unused--;

            budget.Users++;
            return budget;
        }
    }

    public void Return(TKey key, SendBudget budget)
    {
        lock (_gate)
        {
            if (--budget.Users > 0) return;

            _unused++;
            if (budget.IsFull(clock.Now)) Forget(key);
            else if (_unused > UnusedMax) Sweep();
        }
    }

    /// <summary>Forgets what is full again, and all that nobody uses if that is still too much.</summary>
    private void Sweep()
    {
        var now = clock.Now;
        foreach (var (key, budget) in _budgets)
        {
            if (budget.Users == 0 && budget.IsFull(now)) Forget(key);
        }

        // Not one at a time from now on.
        if (_unused <= UnusedMax / 2) return;

        foreach (var (key, budget) in _budgets)
        {
            if (budget.Users == 0) Forget(key);
        }
    }

    private void Forget(TKey key)
    {
        _budgets.Remove(key);
        _unused--;
    }
}
