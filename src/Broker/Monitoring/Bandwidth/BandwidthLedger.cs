using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring.Topics;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Broker.Time;

namespace Avocet.Broker.Monitoring.Bandwidth;

/// <summary>
/// Bytes and messages of today and this month, by UTC: in all, of the clients and of the first levels of topics with the most. It reads counters that are there anyway: once
/// a minute, when a connection ends, and when somebody asks. With a store the totals are kept each minute and the rest each ten minutes, as far as something has changed.
/// </summary>
internal sealed class BandwidthLedger(BrokerContext context) : WheelTimer
{
    private const int PeriodMilliseconds = 60_000;
    private const int MinutesOfTables = 10;
    private const int NamesMax = 1000;
    private const byte Version = 1;

    private readonly Lock _gate = new();
    private readonly BandwidthTable _clients = new(NamesMax);
    private readonly BandwidthTable _topics = new(NamesMax);
    private BandwidthFigures _day;
    private BandwidthFigures _month;
    private BandwidthFigures _counted;
    private long _savedDay;
    private long _savedMonth;
    private long _savedCounted;
    private DateOnly _today;
    private long _dayBeganAt;
    private int _minutes;
    private bool _hasChanged;

    private static ReadOnlySpan<byte> TotalKey => "bandwidth"u8;

    private static ReadOnlySpan<byte> ClientsKey => "bandwidth/clients"u8;

    private static ReadOnlySpan<byte> TopicsKey => "bandwidth/topics"u8;

    private DateOnly UtcToday => DateOnly.FromDateTime(context.TimeProvider.GetUtcNow().UtcDateTime);

    public void Start()
    {
        lock (_gate)
        {
            (_today, _dayBeganAt) = (UtcToday, context.Clock.Now);
            if (context.Commits is { } commits) Load(commits.Store);
        }

        context.Topics?.OnCounted = CountTopic;
        context.Wheel.Set(this, context.Clock.Now + PeriodMilliseconds);
    }

    public override void OnExpired()
    {
        context.Wheel.Set(this, context.Clock.Now + PeriodMilliseconds);
        lock (_gate)
        {
            Sweep();
            Keep(withTables: ++_minutes % MinutesOfTables == 0);
        }

        context.Commits?.Kick();
    }

    /// <summary>Notes everything for the last commit.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            Sweep();
            Keep(withTables: true);
        }
    }

    /// <summary>Counts the rest of a connection that has ended.</summary>
    public void OnEnd(Connection connection)
    {
        lock (_gate)
        {
            if (Take(connection) is { } account) (account.Connection, account.Counted) = (null, default);
        }
    }

    /// <summary>In all, and what outbound Topic Aliases saved of the bytes out.</summary>
    public (BandwidthFigures Figures, long AliasSavedBytes) ReadTotal(BandwidthPeriod period)
    {
        lock (_gate)
        {
            Sweep();
            return period == BandwidthPeriod.Today ? (_day, _savedDay) : (_month, _savedMonth);
        }
    }

    /// <summary>The names with the most first; those for whom there is no room last, as one without a name.</summary>
    public List<BandwidthShare> Read(BandwidthKind kind, BandwidthPeriod period)
    {
        lock (_gate)
        {
            Sweep();
            var shares = (kind == BandwidthKind.Client ? _clients : _topics).Read(period);
            if (kind == BandwidthKind.Topic) return shares;

            var others = shares.Aggregate(period == BandwidthPeriod.Today ? _day : _month, (left, share) => left - share.Figures);
            if (others != default) shares.Add(new BandwidthShare(null, others));
            return shares;
        }
    }

    private void Sweep()
    {
        var statistics = context.Statistics;
        var counted = new BandwidthFigures(
            statistics.Get(Counter.BytesReceived),
            statistics.Get(Counter.BytesSent),
            statistics.Get(Statistics.ReceivedCounterOf(Protocol.PacketType.Publish)),
            statistics.Get(Statistics.SentCounterOf(Protocol.PacketType.Publish)));
        var added = counted - _counted;
        _counted = counted;
        var saved = statistics.Get(Counter.AliasSavedBytes);
        // What came since the last look belongs to the day of then, but for a minute at most.
        (_day, _month) = (_day + added, _month + added);
        (_savedDay, _savedMonth) = (_savedDay + saved - _savedCounted, _savedMonth + saved - _savedCounted);
        _savedCounted = saved;
        _hasChanged |= added != default;
        foreach (var connection in context.Connections.ToList()) Take(connection);

        Turn();
    }

    private BandwidthTable.Account? Take(Connection connection)
    {
        if (connection.Session is null || connection.Identity is not { } identity) return null;

        var traffic = connection.Traffic;
        var figures = new BandwidthFigures(traffic.BytesReceived, traffic.BytesSent, traffic.MessagesReceived, traffic.MessagesSent);
        if (_clients.Find(identity.ClientId, figures.Bytes) is not { } account) return null;

        if (account.Connection != connection)
        {
            account.Connection = connection;
            // Of a connection that was one of the others yesterday nobody knows how much was then.
            account.Counted = connection.ConnectedAt >= _dayBeganAt ? default : figures;
        }

        _clients.Add(account, figures - account.Counted);
        account.Counted = figures;
        return account;
    }

    private void CountTopic(string topic, TopicFigures added)
    {
        var slash = topic.IndexOf('/', StringComparison.Ordinal);
        var figures = new BandwidthFigures(added.BytesIn, added.BytesOut, added.MessagesIn, added.MessagesOut);
        lock (_gate)
        {
            if (_topics.Find(slash < 0 ? topic : topic[..slash], figures.Bytes) is { } account) _topics.Add(account, figures);
        }
    }

    /// <summary>Begins another day, and another month, once they have come.</summary>
    private void Turn()
    {
        var today = UtcToday;
        if (today == _today) return;

        if ((today.Year, today.Month) != (_today.Year, _today.Month))
        {
            (_month, _savedMonth) = (default, 0);
            _clients.BeginMonth();
            _topics.BeginMonth();
        }

        (_day, _savedDay) = (default, 0);
        _clients.BeginDay();
        _topics.BeginDay();
        (_today, _dayBeganAt, _hasChanged) = (today, context.Clock.Now, true);
    }

    private void Keep(bool withTables)
    {
        if (context.Commits is not { } commits) return;

        if (_hasChanged)
        {
            var writer = Begin();
            BandwidthTable.Write(writer, _day);
            BandwidthTable.Write(writer, _month);
            writer.WriteNumber(_savedDay);
            writer.WriteNumber(_savedMonth);
            commits.Put(StoreTable.Meta, TotalKey, writer.Written);
            _hasChanged = false;
        }

        if (withTables) Keep(commits, ClientsKey, _clients);
        if (withTables) Keep(commits, TopicsKey, _topics);
    }

    private void Keep(CommitBatcher commits, ReadOnlySpan<byte> key, BandwidthTable table)
    {
        if (!table.HasChanged) return;

        var writer = Begin();
        table.Write(writer);
        commits.Put(StoreTable.Meta, key, writer.Written);
    }

    private RecordWriter Begin()
    {
        var writer = new RecordWriter();
        writer.WriteByte(Version);
        writer.WriteNumber((long)_today.DayNumber);
        return writer;
    }

    private void Load(IStore store)
    {
        try
        {
            if (store.Get(StoreTable.Meta, TotalKey) is { } total)
            {
                var reader = new RecordReader(StoreTable.Meta, TotalKey, total);
                if (IsOfThisMonth(ref reader, out var hasDay))
                {
                    var (day, month) = (BandwidthTable.ReadFigures(ref reader), BandwidthTable.ReadFigures(ref reader));
                    var (savedDay, savedMonth) = (reader.ReadInt64(), reader.ReadInt64());
                    (_day, _month, _savedDay, _savedMonth) = (hasDay ? day : default, month, hasDay ? savedDay : 0, savedMonth);
                }
            }

            Load(store, ClientsKey, _clients);
            Load(store, TopicsKey, _topics);
        }
        catch (StoreException exception)
        {
            // Figures are no reason not to start.
            Log.BandwidthNotRead(context.Logger, exception.Message);
        }
    }

    private void Load(IStore store, ReadOnlySpan<byte> key, BandwidthTable table)
    {
        if (store.Get(StoreTable.Meta, key) is not { } value) return;

        var reader = new RecordReader(StoreTable.Meta, key, value);
        if (IsOfThisMonth(ref reader, out var hasDay)) table.Read(ref reader, hasDay);
    }

    private bool IsOfThisMonth(ref RecordReader reader, out bool hasDay)
    {
        hasDay = false;
        if (reader.ReadByte() != Version) return false;

        var number = reader.ReadInt64();
        if (number < 0 || number > DateOnly.MaxValue.DayNumber) throw reader.Damaged("it is of no day");

        var day = DateOnly.FromDayNumber((int)number);
        hasDay = day == _today;
        return (day.Year, day.Month) == (_today.Year, _today.Month);
    }
}
