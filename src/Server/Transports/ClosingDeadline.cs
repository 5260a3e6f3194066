using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports;

/// <summary>
/// Cuts a connection whose last bytes are not taken. Without it a client that stops reading would hold its socket and buffers for ever.
/// </summary>
internal sealed class ClosingDeadline
{
    private const int SecondsMax = 5;

    private readonly string _listener;
    private readonly ConnectionContext? _connection;
    private readonly IConnectionLifetimeFeature? _lifetime;
    private readonly ILogger _logger;
    private int _beatsLeft = SecondsMax;

    private ClosingDeadline(string listener, IFeatureCollection features, ConnectionContext? connection, ILogger logger)
    {
        _listener = listener;
        _connection = connection;
        _lifetime = features.Get<IConnectionLifetimeFeature>();
        _logger = logger;
    }

    /// <summary>Starts the countdown. It rides on Kestrel's heartbeat of a second, so there is no timer per connection.</summary>
    public static void Begin(string listener, IFeatureCollection features, ConnectionContext? connection, ILogger logger)
    {
        var deadline = new ClosingDeadline(listener, features, connection, logger);
        features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((ClosingDeadline)state).Beat(), deadline);
    }

    private void Beat()
    {
        if (--_beatsLeft != 0) return;

        Log.CloseTimedOut(_logger, _listener, _connection?.RemoteEndPoint, SecondsMax);
        _lifetime?.Abort();
    }
}
