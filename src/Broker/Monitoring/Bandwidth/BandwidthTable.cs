using Avocet.Broker.Storage.Records;

namespace Avocet.Broker.Monitoring.Bandwidth;

/// <summary>The figures of some names: those with the most. Of more than there is room for the one with the least goes, and is then one of the others.</summary>
internal sealed class BandwidthTable(int max)
{
    private readonly Dictionary<string, Account> _accounts = [];

    /// <summary>No account has less than this: an upper bound for whom there is certainly no room.</summary>
    private long _least;

    public bool HasChanged { get; private set; }

    /// <summary>The account of a name; null where there is none, and what it would begin with is not enough for one.</summary>
    public Account? Find(string name, long bytes)
    {
        if (_accounts.TryGetValue(name, out var found)) return found;
        if (_accounts.Count >= max && !TryMakeRoom(bytes)) return null;

        return _accounts[name] = new Account();
    }

    public void Add(Account account, in BandwidthFigures added)
    {
        if (added == default) return;

        account.Day += added;
        account.Month += added;
        HasChanged = true;
    }

    /// <summary>The names with the most first.</summary>
    public List<BandwidthShare> Read(BandwidthPeriod period) =>
        [.. _accounts.Select(account => new BandwidthShare(account.Key, period == BandwidthPeriod.Today ? account.Value.Day : account.Value.Month))
            .Where(share => share.Figures != default)
            .OrderByDescending(share => share.Figures.Bytes).ThenBy(share => share.Name, StringComparer.Ordinal)];

    public void BeginDay()
    {
        foreach (var account in _accounts.Values) account.Day = default;
    }

    /// <summary>Forgets all but who is connected.</summary>
    public void BeginMonth()
    {
        _least = 0;
        foreach (var (name, account) in _accounts)
        {
            if (account.Connection is null) _accounts.Remove(name);
            else (account.Day, account.Month) = (default, default);
        }
    }

    public void Write(RecordWriter writer)
    {
        HasChanged = false;
        writer.WriteNumber((long)_accounts.Count);
        foreach (var (name, account) in _accounts)
        {
            writer.WriteText(name);
            Write(writer, account.Day);
            Write(writer, account.Month);
        }
    }

    public void Read(ref RecordReader reader, bool hasDay)
    {
        var count = reader.ReadInt64();
        for (var i = 0L; i < count; i++)
        {
            var name = reader.ReadText();
            var (day, month) = (ReadFigures(ref reader), ReadFigures(ref reader));
            if (_accounts.Count < max) _accounts[name] = new Account { Day = hasDay ? day : default, Month = month };
        }
    }

    public static void Write(RecordWriter writer, in BandwidthFigures figures)
    {
        writer.WriteNumber(figures.BytesIn);
        writer.WriteNumber(figures.BytesOut);
        writer.WriteNumber(figures.MessagesIn);
        writer.WriteNumber(figures.MessagesOut);
    }

    public static BandwidthFigures ReadFigures(ref RecordReader reader) => new(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());

    private bool TryMakeRoom(long bytes)
    {
        if (bytes <= _least) return false;

        var (name, account) = _accounts.MinBy(pair => pair.Value.Month.Bytes);
        _least = account.Month.Bytes;
        if (bytes <= _least) return false;

        return _accounts.Remove(name);
    }

    internal sealed class Account
    {
        public BandwidthFigures Day { get; set; }

        public BandwidthFigures Month { get; set; }

        /// <summary>The connection that counts at present, and what of it is counted.</summary>
        public object? Connection { get; set; }

        public BandwidthFigures Counted { get; set; }
    }
}
