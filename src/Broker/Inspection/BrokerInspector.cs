using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Retained;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Protocol;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Inspection;

/// <summary>
/// What a running broker can tell, and be told to do, from outside of MQTT. Any thread may call; what is returned is a picture of its moment. A call takes the
/// locks of sessions one after the other and for a short while only, so that messages go on.
/// </summary>
public sealed class BrokerInspector
{
    /// <summary>Nodes of the retained tree that are looked at before the lock is left.</summary>
    private const int RetainedSlice = 256;

    private readonly BrokerContext _context;

    internal BrokerInspector(BrokerContext context) => _context = context;

    /// <summary>Clients that are connected, or whose sessions wait for them.</summary>
    public ClientPage ListClients(ClientQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(query.Skip);
        ArgumentOutOfRangeException.ThrowIfNegative(query.Max);
        var sessions = _context.Sessions.ToList();
        sessions.RemoveAll(session => !IsMeant(session, query));
        // The keys are read once: what is compared must not change meanwhile.
        var keyed = sessions.ConvertAll(session => (Session: session, Key: query.Sort == ClientSort.ClientId ? 0 : KeyOf(session, query.Sort)));
        keyed.Sort((one, other) =>
        {
            var order = one.Key.CompareTo(other.Key);
            if (order == 0) order = string.CompareOrdinal(one.Session.ClientId, other.Session.ClientId);

            return query.IsDescending ? -order : order;
        });
        return new ClientPage([.. keyed.Skip(query.Skip).Take(query.Max).Select(entry => Describe(entry.Session))], keyed.Count);
    }

    /// <summary>One client; null when it has neither a connection nor a session.</summary>
    public ClientInfo? FindClient(string clientId) => _context.Sessions.Find(clientId) is { } session ? Describe(session) : null;

    /// <summary>The subscriptions of a client, or of all where none is named, in no order.</summary>
    public IEnumerable<SubscriptionInfo> ListSubscriptions(string? clientId = null)
    {
        List<Session> sessions = clientId is null ? _context.Sessions.ToList() : _context.Sessions.Find(clientId) is { } one ? [one] : [];
        foreach (var session in sessions)
        {
            foreach (var subscription in session.ListSubscriptions())
            {
                yield return new SubscriptionInfo(session.ClientId, Encoding.UTF8.GetString(subscription.Filter))
                {
                    Qos = subscription.Qos,
                    NoLocal = subscription.NoLocal,
                    RetainAsPublished = subscription.RetainAsPublished,
                    SubscriptionId = subscription.SubscriptionIds?[0],
                };
            }
        }
    }

    /// <summary>The beginning of what waits for a client; null when it has no session.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="max">Messages at most, of each kind.</param>
    /// <param name="payloadBytesMax">Bytes of a payload at most; what is longer is cut.</param>
    public QueuePeek? PeekQueue(string clientId, int max, int payloadBytesMax)
    {
        if (_context.Sessions.Find(clientId) is not { } session) return null;

        var (inflight, queued, total) = session.PeekMessages(max);
        return new QueuePeek([.. inflight.Select(Describe)], [.. queued.Select(Describe)], total);

        MessageInfo Describe(OutboundMessage outbound) => DescribeMessage(outbound.Message, payloadBytesMax) with { Qos = outbound.Qos, Retain = outbound.Retain };
    }

    /// <summary>Ends the connection of a client; its session goes on without it. False when it has none.</summary>
    public bool Disconnect(string clientId, string detail)
    {
        if (_context.Sessions.FindConnection(clientId) is not { } connection) return false;

        connection.Close(new Ending(EndingCause.AccessRevoked, ReasonCode.AdministrativeAction, detail));
        return true;
    }

    /// <summary>
    /// Ends a client's session with its subscriptions and what waits for it, and its connection, too; its will is published as if the connection were lost. Completes once
    /// that is done. False when it has no session.
    /// </summary>
    /// <param name="clientId">The client.</param>
    /// <param name="detail">Why, for the client and the events.</param>
    /// <param name="cancellationToken">Ends the wait for the connection.</param>
    public Task<bool> EndSessionAsync(string clientId, string detail, CancellationToken cancellationToken) => SessionOperations.EndAsync(_context, clientId, detail, cancellationToken);

    /// <summary>Removes what waits for a client now, in flight messages excepted; returns how many there were, or null when it has no session.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="cancellationToken">Ends the removal where it is.</param>
    public Task<long?> ClearQueueAsync(string clientId, CancellationToken cancellationToken) => SessionOperations.ClearQueueAsync(_context, clientId, cancellationToken);

    /// <summary>Retained messages whose topics match a filter, in no order.</summary>
    /// <param name="filter">A Topic Filter, mount point included; <c>#</c> does not find what begins with <c>$</c>. [MQTT-4.7.2-1]</param>
    /// <param name="max">Messages at most.</param>
    /// <param name="payloadBytesMax">Bytes of a payload at most; what is longer is cut.</param>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    public IReadOnlyList<MessageInfo> FindRetained(string filter, int max, int payloadBytesMax) => [.. EnumerateRetained(filter, max, payloadBytesMax)];

    /// <summary>The same, one after the other: what is changed meanwhile may be seen or not.</summary>
    public IEnumerable<MessageInfo> EnumerateRetained(string filter, int max, int payloadBytesMax) => WalkRetained(filter, max).Select(message => DescribeMessage(message, payloadBytesMax));

    /// <summary>Removes retained messages whose topics match a filter, as a PUBLISH without payload does for one; returns how many there were. Nobody is told.</summary>
    /// <param name="filter">A Topic Filter, mount point included.</param>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    public int RemoveRetained(string filter)
    {
        var count = 0;
        foreach (var message in WalkRetained(filter, int.MaxValue))
        {
            // One that was replaced meanwhile is a new one, which nobody meant.
            if (!_context.Retained.TryReplace(message, null)) continue;

            _context.Commits?.RetainedChanged(message.TopicName.ToArray());
            count++;
        }

        _context.Commits?.Kick();
        return count;
    }

    private IEnumerable<Message> WalkRetained(string filter, int max)
    {
        var bytes = Encoding.UTF8.GetBytes(filter);
        if (!TopicFilter.IsValid(bytes)) throw new ArgumentException($"'{filter}' is not a valid Topic Filter.", nameof(filter));

        var cursor = new RetainedCursor(bytes);
        for (var found = 0; found < max;)
        {
            var budget = RetainedSlice;
            while (found < max && _context.Retained.Next(cursor, ref budget) is { } message)
            {
                found++;
                yield return message;
            }

            if (cursor.IsDone) yield break;
        }
    }

    private static bool IsMeant(Session session, ClientQuery query)
    {
        var connection = session.Connection;
        if (query.IsConnected is { } isConnected && isConnected != connection is not null) return false;
        if (query.Listener is { } listener && connection?.Origin.Listener.Name != listener) return false;
        if (query.Text is not { } text) return true;

        return session.ClientId.Contains(text, StringComparison.OrdinalIgnoreCase)
            || (connection?.Identity?.UserName?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
            || (connection?.Address.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false);
    }

    private static long KeyOf(Session session, ClientSort sort) => sort switch
    {
        ClientSort.QueuedMessages => session.Queued.Messages,
        ClientSort.QueuedBytes => session.Queued.Bytes,
        ClientSort.Drops => DropsOf(session).Total,
        ClientSort.ConnectedAt => session.Connection?.ConnectedAt ?? -1,
        ClientSort.BytesReceived => session.Connection?.Traffic.BytesReceived ?? -1,
        ClientSort.BytesSent => session.Connection?.Traffic.BytesSent ?? -1,
        ClientSort.MessagesReceived => session.Connection?.Traffic.MessagesReceived ?? -1,
        ClientSort.MessagesSent => session.Connection?.Traffic.MessagesSent ?? -1,
        _ => 0,
    };

    private static MessageDrops DropsOf(Session session) =>
        session.FindDrops() is { } drops ? new MessageDrops(drops.QueueFull, drops.SlowConsumer, drops.Expired, drops.TooLarge) : default;

    private ClientInfo Describe(Session session)
    {
        var connection = session.Connection;
        var (messages, bytes) = session.Queued;
        var (expiry, expiresAt, will) = _context.Sessions.TermsOf(session);
        return new ClientInfo(session.ClientId)
        {
            IsConnected = connection is not null,
            UserName = connection?.Identity?.UserName,
            Address = connection?.Address,
            Listener = connection?.Origin.Listener.Name,
            Transport = connection?.Origin.Transport,
            Version = connection?.Version,
            ConnectedAt = connection is null ? null : TimeOf(connection.ConnectedAt),
            LastReceivedAt = connection is null ? null : TimeOf(connection.LastReceivedAt),
            KeepAliveSeconds = connection?.KeepAliveSeconds ?? 0,
            SessionExpirySeconds = expiry,
            ExpiresAt = TimeOf(expiresAt),
            IsDurable = session.IsDurable,
            Subscriptions = session.SubscriptionCount,
            Inflight = session.InflightCount,
            InflightMax = session.InflightMax,
            QueuedMessages = messages,
            QueuedBytes = bytes,
            Drops = DropsOf(session),
            Traffic = connection?.Traffic,
            WillTopic = will,
        };
    }

    private MessageInfo DescribeMessage(Message message, int payloadBytesMax) => new(Encoding.UTF8.GetString(message.TopicName), message.Payload[..Math.Min(message.Payload.Length, payloadBytesMax)].ToArray())
    {
        PayloadSize = message.Payload.Length,
        Qos = message.Qos,
        Retain = message.Retain,
        PublisherId = message.PublisherId,
        ExpiresAt = TimeOf(message.ExpiresAt),
        Properties = message.Properties.ToArray(),
    };

    private DateTimeOffset? TimeOf(long time) => _context.Clock.ToUnix(time) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
}
