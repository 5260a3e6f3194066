using Avocet.Broker.Time;

namespace Avocet.Broker.Rates;

/// <summary>How fast clients, users, addresses and listeners may send.</summary>
internal sealed class SendLimits(BrokerOptions options, Clock clock)
{
    private readonly SendBudgets<string>? _users = SendBudgets<string>.Of(options.UserPublishRateMax, options.UserReceiveBytesRateMax, clock);
    private readonly SendBudgets<PeerAddress>? _addresses = SendBudgets<PeerAddress>.Of(options.AddressPublishRateMax, options.AddressReceiveBytesRateMax, clock);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SendBudget> _listeners = [];

    /// <summary>What a client that has connected may send; null for no limit.</summary>
    public SendRate? RateOf(ConnectionOrigin origin, string? userName)
    {
        var isClientLimited = options.PublishRateMax > 0 || options.ReceiveBytesRateMax > 0;
        var isListenerLimited = origin.Listener.PublishRateMax > 0 || origin.Listener.ReceiveBytesRateMax > 0;
        var isUserLimited = _users is not null && userName is not null;
        var isAddressLimited = _addresses is not null && origin.Peer != default;
        if (!isClientLimited && !isListenerLimited && !isUserLimited && !isAddressLimited) return null;

        return Create(origin, isClientLimited, isListenerLimited, isUserLimited ? userName : null, isAddressLimited);
    }

    // Apart, for whoever has no limit shall not pay for what GiveBack remembers.
    private SendRate Create(ConnectionOrigin origin, bool isClientLimited, bool isListenerLimited, string? userName, bool isAddressLimited)
    {
        var budgets = new List<SendBudget>(1);
        if (isClientLimited) budgets.Add(new SendBudget(options.PublishRateMax, options.ReceiveBytesRateMax));
        if (isListenerLimited) budgets.Add(BudgetOf(origin.Listener));

        var user = userName is null ? null : _users!.Rent(userName);
        var network = origin.Peer.ToNetwork();
        var address = isAddressLimited ? _addresses!.Rent(network) : null;
        if (user is not null) budgets.Add(user);
        if (address is not null) budgets.Add(address);

        return new SendRate(budgets, GiveBack, clock);

        void GiveBack()
        {
            if (user is not null) _users!.Return(userName!, user);
            if (address is not null) _addresses!.Return(network, address);
        }
    }

    private SendBudget BudgetOf(ListenerPolicy listener)
    {
        lock (_gate)
        {
            if (_listeners.TryGetValue(listener.Name, out var budget)) return budget;

            return _listeners[listener.Name] = new SendBudget(listener.PublishRateMax, listener.ReceiveBytesRateMax);
        }
    }
}
