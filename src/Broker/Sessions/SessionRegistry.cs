using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Handlers;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Time;
using Avocet.Broker.Topics;
using Avocet.Broker.Wills;
using Avocet.Protocol;

namespace Avocet.Broker.Sessions;

/// <summary>
/// All sessions by client identifier. Connecting, disconnecting and expiry go through its lock, so that a client identifier has one connection at
/// a time; publishing does not. Wills are published after the lock is left.
/// </summary>
internal sealed class SessionRegistry(BrokerContext context)
{
    private const int EndsMin = 1024;

    /// <summary>The map's room at its start: pages of it that nothing was written to take no memory, and a map that grows leaves its former arrays behind.</summary>
    private const int SessionsAtStart = 16_384;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Session> _sessions = new(SessionsAtStart);

    /// <summary>Durable sessions that have ended, as long as the store may not know.</summary>
    private readonly Dictionary<string, Journal> _ends = [];
    private int _connected;
    private int _connectedMax;
    private int _endsMax = EndsMin;

    /// <summary>Sessions, those with a connection, and the most there were with one at a time.</summary>
    public (int Total, int Connected, int ConnectedMax) Count
    {
        get
        {
            lock (_gate) return (_sessions.Count, _connected, _connectedMax);
        }
    }

    /// <summary>The connection that a client identifier has now, or null.</summary>
    public Connection? FindConnection(string clientId)
    {
        lock (_gate) return _sessions.GetValueOrDefault(clientId)?.Connection;
    }

    /// <summary>All sessions, in no order.</summary>
    public List<Session> ToList()
    {
        lock (_gate) return [.. _sessions.Values];
    }

    /// <summary>How long a session outlives its connection, when it ends (while it has none), and the topic of its will, or null.</summary>
    public (uint ExpirySeconds, long ExpiresAt, string? WillTopic) TermsOf(Session session)
    {
        lock (_gate) return (session.ExpirySeconds, session.ExpiresAt, session.Will is { } will ? Encoding.UTF8.GetString(will.TopicName) : null);
    }

    /// <summary>The session of a client identifier, or null.</summary>
    public Session? Find(string clientId)
    {
        lock (_gate) return _sessions.GetValueOrDefault(clientId);
    }

    /// <summary>Whether a client identifier has a session.</summary>
    public bool Has(string clientId)
    {
        lock (_gate) return _sessions.ContainsKey(clientId);
    }

    /// <summary>
    /// Opens or resumes the session of an accepted CONNECT and sends CONNACK. [MQTT-3.1.4-4] Not while another connection has the session, so that
    /// nothing <paramref name="former"/> received is handled after what this one sends; nor before the end of the session that a Clean Start discards is
    /// kept, for else a crash would bring it back.
    /// </summary>
    public OpenResult TryOpen(Connection connection, ConnectRequest request, out Connection? former)
    {
        var after = new Aftermath();
        var result = OpenResult.Opened;
        lock (_gate)
        {
            var session = _sessions.GetValueOrDefault(request.ClientId);
            former = session?.Connection;
            if (former is not null) return OpenResult.TakenByAnother;

            // Its timer may be late, and at the start of the broker it has not run yet.
            var hasExpired = session is not null && session.ExpiresAt <= context.Clock.Now;
            var isPresent = session is not null && !hasExpired && !request.CleanStart && session.MountPoint == connection.Origin.Listener.MountPoint;
            if (isPresent)
            {
                StopWaiting(session!);
                Attach(connection, request, session!, isPresent: true);
            }
            else
            {
                // The former session ends, so its will is due at once, delay or not.
                if (session is not null)
                {
                    if (session.Queued.Messages > 0) SessionEvents.Ended(session, hasExpired ? "its Session Expiry Interval was over" : "its client connected with Clean Start 1, or at a listener with another mount point");

                    End(session, ref after);
                }

                if (!IsEndKept(request.ClientId)) result = OpenResult.WaitsForCommit;
                else Attach(connection, request, Create(connection, request), isPresent: false);
            }
        }

        Finish(after, connection.Batch);
        return result;
    }

    /// <summary>Completes once the end of the client's last durable session is kept.</summary>
    public Task WhenEndKeptAsync(string clientId)
    {
        lock (_gate) return _ends.TryGetValue(clientId, out var journal) ? context.Commits!.WhenKeptAsync(journal) : Task.CompletedTask;
    }

    /// <summary>The connection has ended and handles nothing more; its session goes on without it, or ends.</summary>
    public void Leave(Connection connection, WillFate will)
    {
        var after = new Aftermath();
        lock (_gate)
        {
            if (connection.Session is not { } session || session.Connection != connection) return;

            session.Detach();
            _connected--;
            // A will that is to wait for the next start of the broker needs a session that does.
            var isPostponedForEver = will == WillFate.Postponed && (!session.IsDurable || session.ExpirySeconds == 0);
            if (will == WillFate.Deleted || isPostponedForEver) session.Will = null;

            if (session.ExpirySeconds == 0)
            {
                End(session, ref after);
            }
            else
            {
                var now = context.Clock.Now;
                session.ExpiresAt = session.ExpirySeconds == Limits.SessionNeverExpires ? Clock.Never : now + (session.ExpirySeconds * 1000L);
                session.WillDueAt = session.Will is { } waiting ? now + (waiting.DelaySeconds * 1000L) : Clock.Never;
                // At the end of the broker nobody is there to receive it: it is published after the next start.
                if (will != WillFate.Postponed)
                {
                    if (session.WillDueAt <= now) TakeWill(session, ref after);

                    SetTimer(session);
                }

                after.Change = Note(session);
            }
        }

        Finish(after, connection.Batch);
    }

    /// <summary>
    /// Goes on with a session from before the broker's start. A client that was connected lost its connection then, as far as can be known: its expiry and
    /// its will delay begin now.
    /// </summary>
    public void Restore(Session session, SessionRecord record)
    {
        lock (_gate)
        {
            var now = context.Clock.Now;
            session.ExpirySeconds = record.ExpirySeconds;
            session.Will = record.Will is { } will ? Will.FromRecord(will) : null;
            if (record.IsConnected)
            {
                session.ExpiresAt = record.ExpirySeconds == Limits.SessionNeverExpires ? Clock.Never : now + (record.ExpirySeconds * 1000L);
                session.WillDueAt = session.Will is { } waiting ? now + (waiting.DelaySeconds * 1000L) : Clock.Never;
            }
            else
            {
                session.ExpiresAt = context.Clock.FromUnix(record.ExpiresAt);
                session.WillDueAt = session.Will is null ? Clock.Never : context.Clock.FromUnix(record.WillDueAt);
            }

            _sessions[session.ClientId] = session;
            if (record.IsConnected) context.Commits!.Change(Note(session)!.Value, isUrgent: false);

            SetTimer(session);
        }
    }

    /// <summary>A DISCONNECT changes how long the session is kept. False when that is a protocol error: it was 0 at CONNECT.</summary>
    public bool TrySetExpiry(Session session, uint seconds)
    {
        lock (_gate)
        {
            if (session.ExpirySeconds == 0 && seconds > 0) return false;

            session.ExpirySeconds = Math.Min(seconds, context.Options.SessionExpiryMaxSeconds);
            return true;
        }
    }

    /// <summary>A session without connection has reached the time of its will or of its end.</summary>
    public void OnDeadline(Session session)
    {
        var after = new Aftermath();
        lock (_gate)
        {
            if (session.IsConnected || _sessions.GetValueOrDefault(session.ClientId) != session) return;

            var now = context.Clock.Now;
            if (session.ExpiresAt <= now)
            {
                context.Statistics.Add(Counter.SessionsExpired);
                SessionEvents.Ended(session, $"its Session Expiry Interval of {session.ExpirySeconds} s was over");
                End(session, ref after);
            }
            else
            {
                if (session.WillDueAt <= now)
                {
                    TakeWill(session, ref after);
                    after.Change = Note(session);
                }

                SetTimer(session);
            }
        }

        var batch = new FlushBatch(context.Commits);
        Finish(after, batch);
        batch.Flush();
    }

    /// <summary>
    /// Ends a session for good: at once where it has no connection, else together with that, which is returned to be closed. False when there is no session.
    /// </summary>
    public bool TryEnd(string clientId, string why, FlushBatch batch, out Connection? connection)
    {
        var after = new Aftermath();
        lock (_gate)
        {
            connection = null;
            if (!_sessions.TryGetValue(clientId, out var session)) return false;

            SessionEvents.Ended(session, why);
            connection = session.Connection;
            if (connection is null) End(session, ref after);
            else session.ExpirySeconds = 0;
        }

        Finish(after, batch);
        return true;
    }

    /// <summary>The messages queued for all sessions, and their bytes.</summary>
    public (long Messages, long Bytes) CountQueued()
    {
        long messages = 0, bytes = 0;
        foreach (var session in ToList())
        {
            var queued = session.Queued;
            messages += queued.Messages;
            bytes += queued.Bytes;
        }

        return (messages, bytes);
    }

    private Session Create(Connection connection, ConnectRequest request)
    {
        // A session that ends with its connection is not worth a write.
        var journal = request.SessionExpirySeconds > 0 && context.Commits is { } commits ? new Journal(commits.Sealer.TakeSessionNumber()) : null;
        var session = new Session(request.ClientId, connection.Origin.Listener.MountPoint, journal, context);
        _sessions[request.ClientId] = session;
        return session;
    }

    private void Attach(Connection connection, ConnectRequest request, Session session, bool isPresent)
    {
        session.ExpirySeconds = request.SessionExpirySeconds;
        session.Will = request.Will;
        connection.Session = session;
        _connectedMax = Math.Max(_connectedMax, ++_connected);
        // What CONNACK says must be true after a crash too: that the session is there, for how long, and that its client was connected.
        var batch = Note(session, isConnected: true) is { } change ? context.Commits!.Change(change, isUrgent: true) : 0;
        var after = context.Options.Durability == Durability.None ? 0 : batch;
        session.Attach(connection, ConnackBuilder.Accept(request, isPresent, context.Options), request.InflightMax, after);
    }

    /// <summary>The session's record as it is now; null when it lives in memory only.</summary>
    private SessionChange? Note(Session session, bool isConnected = false)
    {
        if (session.Journal is not { } journal) return null;

        var writer = new RecordWriter();
        new SessionRecord
        {
            ClientId = session.ClientId,
            MountPoint = session.MountPoint,
            ExpirySeconds = session.ExpirySeconds,
            IsConnected = isConnected,
            ExpiresAt = context.Clock.ToUnix(session.ExpiresAt),
            WillDueAt = context.Clock.ToUnix(session.WillDueAt),
            SentUpTo = isConnected ? 0 : session.SentUpTo,
            Will = session.Will?.ToRecord(),
        }.Write(writer);
        return new SessionChange(session, ++journal.Version, writer.Written.ToArray());
    }

    /// <summary>Stops what runs while a session has no connection; a will whose delay runs is cancelled. [MQTT-3.1.3-9]</summary>
    private void StopWaiting(Session session)
    {
        if (session.Timer is { } timer) context.Wheel.Stop(timer);

        session.Will = null;
        session.ExpiresAt = Clock.Never;
        session.WillDueAt = Clock.Never;
    }

    private void End(Session session, ref Aftermath after)
    {
        if (session.Timer is { } timer) context.Wheel.Stop(timer);

        TakeWill(session, ref after);
        _sessions.Remove(session.ClientId);
        after.HandOver = session.End(out after.StoredFrom, out after.Groups);
        after.Ended = session;
        if (session.Journal is not { } journal) return;

        after.Change = new SessionChange(session, ++journal.Version, null);
        _ends[session.ClientId] = journal;
        ForgetKeptEnds();
    }

    /// <summary>Whether the store has the end of the client's last durable session, so that a crash cannot bring it back.</summary>
    private bool IsEndKept(string clientId)
    {
        if (!_ends.TryGetValue(clientId, out var journal)) return true;
        if (!context.Commits!.IsKept(journal)) return false;

        _ends.Remove(clientId);
        return true;
    }

    /// <summary>Forgets ends that the store has, once many have gathered.</summary>
    private void ForgetKeptEnds()
    {
        if (_ends.Count < _endsMax) return;

        foreach (var clientId in _ends.Keys.ToList()) IsEndKept(clientId);

        _endsMax = Math.Max(EndsMin, _ends.Count * 2);
    }

    private static void TakeWill(Session session, ref Aftermath after)
    {
        if (session.Will is not { } will) return;

        session.Will = null;
        session.WillDueAt = Clock.Never;
        // It was allowed at CONNECT; the rules may have changed since.
        if (session.Access is { } access && !access.MayPublish(will.TopicName, will.Qos, will.Retain)) return;

        after.Will = will;
        after.WillClientId = session.ClientId;
    }

    private void SetTimer(Session session)
    {
        var deadline = Math.Min(session.ExpiresAt, session.WillDueAt);
        if (deadline != Clock.Never) context.Wheel.Set(session.Timer!, deadline);
    }

    private void Finish(in Aftermath after, FlushBatch batch)
    {
        if (after.Will is { } will)
        {
            var publication = will.ToPublication(after.WillClientId!, context.Clock.Now);
            context.Router.Route(ref publication, null, context.Clock.Now, batch);
        }

        if (after.HandOver is { } handOver)
        {
            foreach (var outbound in handOver) context.Router.HandOver(outbound.Group!, outbound.Message, after.Ended!, batch);
        }

        // In one batch: after a crash a will is published once, and what is handed over is with one member.
        if (after.Change is { } change)
        {
            if (after.Groups is null) batch.Changes.Sessions.Add(change);
            else HandOverStored(after, change);
        }

        if (batch.HasChanges) context.Commits!.Append(batch.Changes, isAnswered: false, context.Options.Durability);
    }

    /// <summary>What is in the store only takes time to be read.</summary>
    private void HandOverStored(Aftermath after, SessionChange end)
    {
        context.Scheduler.Schedule(_ => QueuePage.HandOver(after.Ended!, after.StoredFrom, after.Groups!, end), null);
    }

    /// <summary>What has to be done once the lock is left.</summary>
    private struct Aftermath
    {
        public Will? Will;
        public string? WillClientId;
        public List<OutboundMessage>? HandOver;
        public Session? Ended;
        public SessionChange? Change;
        public long StoredFrom;
        public IReadOnlyDictionary<byte[], SharedGroup>? Groups;
    }
}
