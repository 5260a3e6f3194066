using Avocet.Broker.Bans;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Security;
using Avocet.Broker.Time;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Rates;

/// <summary>How often addresses, listeners, users and clients may connect. What has no limit costs nothing.</summary>
internal sealed class ConnectLimits
{
    private const int BurstSeconds = 10;

    private readonly Clock _clock;
    private readonly ILogger _logger;
    private readonly EventLog _events;
    private readonly int _flappingBanSeconds;
    private readonly ConnectRate<PeerAddress>? _addresses;
    private readonly ConnectRate<string>? _users;
    private readonly ConnectRate<string>? _clients;
    private readonly Lock _gate = new();
    private Dictionary<string, ConnectRate<string>>? _listeners;

    public ConnectLimits(BrokerOptions options, Clock clock, ILogger logger, EventLog events)
    {
        _clock = clock;
        _logger = logger;
        _events = events;
        _flappingBanSeconds = options.FlappingBanSeconds;
        if (options.ConnectRateMax > 0) _addresses = new ConnectRate<PeerAddress>(options.ConnectRateMax, options.ConnectRateMax * BurstSeconds, 0, clock);
        if (options.UserConnectRateMax > 0) _users = new ConnectRate<string>(options.UserConnectRateMax, options.UserConnectRateMax * BurstSeconds, 0, clock);
        if (options.FlappingConnectsMax > 0)
        {
            _clients = new ConnectRate<string>((double)options.FlappingConnectsMax / options.FlappingSeconds, options.FlappingConnectsMax, options.FlappingBanSeconds * 1000L, clock);
        }
    }

    /// <summary>Whether a new connection is looked at; asked before anything is read, for an answer would cost as much as what is to be kept away.</summary>
    public bool MayConnect(ConnectionOrigin origin)
    {
        if (_addresses is not null && origin.Peer != default && !_addresses.TryTake(origin.Peer.ToNetwork(), out _)) return false;

        return origin.Listener.ConnectRateMax == 0 || RateOf(origin.Listener).TryTake(origin.Listener.Name, out _);
    }

    /// <summary>Who may not connect at all.</summary>
    public required BanList Bans { get; init; }

    /// <summary>Why a client that has logged in is refused all the same; Success when it is not. Only who has logged in counts, so that nobody can keep others out.</summary>
    public ReasonCode FindRefusal(ClientIdentity identity, out string detail)
    {
        detail = "";
        if (Bans.FindFor(identity) is { } ban)
        {
            detail = BanList.Describe(ban);
            return ReasonCode.Banned;
        }

        if (_users is not null && identity.UserName is { } userName && !_users.TryTake(userName, out _))
        {
            detail = "the user connects more often than the limit of this server";
            return ReasonCode.ConnectionRateExceeded;
        }

        if (_clients is null || _clients.TryTake(identity.ClientId, out var isBanBegun)) return ReasonCode.Success;

        if (isBanBegun)
        {
            Log.ClientFlaps(_logger, Handlers.PrintableText.Of(identity.ClientId), _flappingBanSeconds);
            _events.Add(new BrokerEvent(BrokerEventKind.Flapping)
            {
                ClientId = identity.ClientId,
                UserName = identity.UserName,
                Origin = identity.Origin,
                Detail = $"it connects again and again, and is kept out for up to {_flappingBanSeconds} s; two clients may have the same client identifier",
            });
        }

        detail = $"the client connects again and again and is kept out for up to {_flappingBanSeconds} s";
        return ReasonCode.Banned;
    }

    private ConnectRate<string> RateOf(ListenerPolicy listener)
    {
        lock (_gate)
        {
            _listeners ??= [];
            if (_listeners.TryGetValue(listener.Name, out var rate)) return rate;

            return _listeners[listener.Name] = new ConnectRate<string>(listener.ConnectRateMax, listener.ConnectRateMax * BurstSeconds, 0, _clock);
        }
    }
}
