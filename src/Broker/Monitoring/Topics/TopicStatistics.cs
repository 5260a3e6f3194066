using System.Text;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Time;

namespace Avocet.Broker.Monitoring.Topics;

/// <summary>
/// What goes over which topic, and which topics and clients have fallen silent. Publishers count for themselves, in what they look a topic up in anyway; once a second
/// a sweep gathers what is new. Bounded: of more topics or clients those go first that were not heard of for the longest.
/// </summary>
internal sealed class TopicStatistics : WheelTimer
{
    private const int PeriodMilliseconds = 1000;

    /// <summary>Pairs of a publisher and a topic that are swept at a time, for each topic that may be known.</summary>
    private const int ActivePerTopic = 4;

    private readonly int _max;
    private readonly EventLog _events;
    private readonly Clock _clock;
    private readonly TimerWheel _wheel;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TopicEntry> _topics = [];
    private readonly LinkedList<TopicEntry> _order = [];
    private readonly Dictionary<string, ClientEntry> _clients = [];
    private readonly LinkedList<ClientEntry> _clientOrder = [];
    private readonly List<TopicTally> _active = [];
    private readonly List<TopicTally> _quiet = [];
    private List<BrokerEvent>? _told;
    private TopicTally? _listed;
    private long _sweptAt;
    private volatile int _silent;
    private volatile int _period;

    /// <param name="max">Topics that are known, and clients.</param>
    /// <param name="events">Where silence is told.</param>
    /// <param name="clock">The broker's clock.</param>
    /// <param name="wheel">Its timers.</param>
    public TopicStatistics(int max, EventLog events, Clock clock, TimerWheel wheel)
    {
        _max = max;
        _events = events;
        _clock = clock;
        _wheel = wheel;
    }

    /// <summary>Topics and clients that are silent at present.</summary>
    public int SilentCount => _silent;

    /// <summary>Another number after each sweep.</summary>
    public int Period => _period;

    /// <summary>Takes what a sweep finds, by the first level of topics; for those who count bytes.</summary>
    public Action<string, TopicFigures>? OnCounted { get; set; }

    public void Start()
    {
        _sweptAt = _clock.Now;
        _wheel.Set(this, _clock.Now + PeriodMilliseconds);
    }

    public override void OnExpired()
    {
        _wheel.Set(this, _clock.Now + PeriodMilliseconds);
        _period++;
        Sweep();
    }

    /// <summary>A tally for a publisher and a topic, whose first message stands for as many as <paramref name="weight"/>; null for what the broker says of itself.</summary>
    public TopicTally? Open(byte[] topicName, string? publisherId, int weight = 1) =>
        topicName.AsSpan().StartsWith("$SYS/"u8) ? null : new TopicTally(this, topicName, publisherId, weight);

    /// <summary>Counts a message that came without a read loop of its own, such as a will.</summary>
    public void Count(ReadOnlySpan<byte> topicName, string? publisherId, int size, int payloadSize, int matched) =>
        Open(topicName.ToArray(), publisherId)?.Count(size, payloadSize, matched, _clock.Now);

    /// <summary>Takes a tally that has something to sweep. Called by any thread.</summary>
    public void List(TopicTally tally)
    {
        TopicTally? first;
        do
        {
            first = Volatile.Read(ref _listed);
            tally.Next = first;
        }
        while (Interlocked.CompareExchange(ref _listed, tally, first) != first);
    }

    /// <summary>Makes a topic known that is retained from before the start.</summary>
    public void AddRetained(string topic)
    {
        lock (_gate)
        {
            if (_topics.Count < _max) FindOrAdd(topic);
        }
    }

    /// <summary>All topics, as they are now.</summary>
    public List<TopicReading> Read()
    {
        lock (_gate)
        {
            var now = _clock.Now;
            return [.. _topics.Values.Select(entry => Describe(entry, now))];
        }
    }

    /// <summary>One topic, or null.</summary>
    public (TopicReading Reading, IReadOnlyList<string> Publishers)? Find(string topic)
    {
        lock (_gate)
        {
            return _topics.TryGetValue(topic, out var entry) ? (Describe(entry, _clock.Now), [.. entry.Publishers]) : null;
        }
    }

    /// <summary>Who is silent: topics, then clients, each by the time of the last sign.</summary>
    public List<SilentReading> ReadSilent()
    {
        lock (_gate)
        {
            var topics = _topics.Values.Where(entry => entry.Rhythm.IsSilent).Select(entry => new SilentReading(false, entry.Topic, entry.Rhythm));
            var clients = _clients.Values.Where(entry => entry.Rhythm.IsSilent).Select(entry => new SilentReading(true, entry.ClientId, entry.Rhythm));
            return [.. topics.OrderByDescending(one => one.Rhythm.LastAt), .. clients.OrderByDescending(one => one.Rhythm.LastAt)];
        }
    }

    /// <summary>Forgets topics and clients, with what was counted of them until now.</summary>
    public void Forget(Func<string, bool> isTopicGone, Func<string, bool> isClientGone)
    {
        // What was counted and not yet gathered would make them known again.
        Sweep();
        lock (_gate)
        {
            foreach (var entry in _topics.Values.Where(entry => isTopicGone(entry.Topic)).ToList())
            {
                _order.Remove(entry.Place!);
                entry.Place = null;
                _topics.Remove(entry.Topic);
            }

            foreach (var entry in _clients.Values.Where(entry => isClientGone(entry.ClientId)).ToList())
            {
                _clientOrder.Remove(entry.Place!);
                _clients.Remove(entry.ClientId);
            }

            _silent = _topics.Values.Count(entry => entry.Rhythm.IsSilent) + _clients.Values.Count(entry => entry.Rhythm.IsSilent);
        }
    }

    /// <summary>Gathers what is new, and looks who is silent.</summary>
    private void Sweep()
    {
        List<BrokerEvent>? told;
        lock (_gate)
        {
            var now = _clock.Now;
            var period = Math.Max(1, now - _sweptAt);
            _sweptAt = now;
            TakeListed();
            Gather(now, period);
            LookForSilence(now);
            (told, _told) = (_told, null);
        }

        foreach (var one in told ?? []) _events.Add(one);
    }

    private void TakeListed()
    {
        for (var tally = Interlocked.Exchange(ref _listed, null); tally is not null;)
        {
            var next = tally.Next;
            tally.Next = null;
            if (!tally.IsActive)
            {
                tally.IsActive = _active.Count < ActivePerTopic * _max;
                if (tally.IsActive) _active.Add(tally);
                // There are too many. What it counts from now on may be taken another time.
                else tally.Unlist();
            }

            tally = next;
        }
    }

    private void Gather(long now, long period)
    {
        var kept = 0;
        for (var place = 0; place < _active.Count; place++)
        {
            var tally = _active[place];
            if (TryTake(tally, now, period)) _active[kept++] = tally;
            else _quiet.Add(tally);
        }

        _active.RemoveRange(kept, _active.Count - kept);
        if (_quiet.Count == 0) return;

        // What counted nothing for a period is looked at no more. A publisher that counts at this moment either sees that, and lists its tally again, or is seen here.
        foreach (var tally in _quiet) tally.Unlist();

        Interlocked.MemoryBarrierProcessWide();
        foreach (var tally in _quiet)
        {
            tally.IsActive = TryTake(tally, now, period);
            if (tally.IsActive) _active.Add(tally);
        }

        _quiet.Clear();
    }

    private bool TryTake(TopicTally tally, long now, long period)
    {
        var added = tally.TakeNew();
        if (added.MessagesIn == 0) return false;

        var entry = tally.Entry is { Place: not null } known ? known : tally.Entry = FindOrAdd(Encoding.UTF8.GetString(tally.TopicName));
        _order.Remove(entry.Place!);
        _order.AddLast(entry.Place!);
        if (entry.Add(added, tally.LastBytes, tally.PublisherId, tally.LastAt, now, period)) Tell(BrokerEventKind.TopicResumed, null, entry.Topic, "messages come again");
        if (tally.PublisherId is { } client && HearClient(client, tally.LastAt)) Tell(BrokerEventKind.ClientResumed, client, null, "the client publishes again");

        OnCounted?.Invoke(entry.Topic, added);
        return true;
    }

    private TopicEntry FindOrAdd(string topic)
    {
        if (_topics.TryGetValue(topic, out var found)) return found;

        if (_topics.Count >= _max)
        {
            var oldest = _order.First!.Value;
            _order.RemoveFirst();
            oldest.Place = null;
            _topics.Remove(oldest.Topic);
        }

        var added = new TopicEntry(topic);
        added.Place = _order.AddLast(added);
        _topics.Add(topic, added);
        return added;
    }

    private bool HearClient(string clientId, long at)
    {
        if (!_clients.TryGetValue(clientId, out var entry))
        {
            if (_clients.Count >= _max)
            {
                _clients.Remove(_clientOrder.First!.Value.ClientId);
                _clientOrder.RemoveFirst();
            }

            entry = new ClientEntry(clientId);
            entry.Place = _clientOrder.AddLast(entry);
            _clients.Add(clientId, entry);
        }
        else
        {
            _clientOrder.Remove(entry.Place!);
            _clientOrder.AddLast(entry.Place!);
        }

        // Of several topics in one sweep the client is heard of once.
        if (entry.HeardIn == _sweptAt) return false;

        entry.HeardIn = _sweptAt;
        return entry.Rhythm.Hear(at);
    }

    private void LookForSilence(long now)
    {
        var silent = 0;
        foreach (var entry in _topics.Values)
        {
            if (entry.Rhythm.Look(now)) Tell(BrokerEventKind.TopicSilent, entry.Publishers.Count > 0 ? entry.Publishers[^1] : null, entry.Topic, DetailOf(entry.Rhythm, now));
            if (entry.Rhythm.IsSilent) silent++;
        }

        foreach (var entry in _clients.Values)
        {
            if (entry.Rhythm.Look(now)) Tell(BrokerEventKind.ClientSilent, entry.ClientId, null, DetailOf(entry.Rhythm, now));
            if (entry.Rhythm.IsSilent) silent++;
        }

        _silent = silent;
    }

    private void Tell(BrokerEventKind kind, string? clientId, string? topic, string detail) => (_told ??= []).Add(new BrokerEvent(kind) { ClientId = clientId, Topic = topic, Detail = detail });

    private static string DetailOf(in Rhythm rhythm, long now) =>
        FormattableString.Invariant($"nothing was published for {(now - rhythm.LastAt) / 1000.0:0} s; usually it is every {rhythm.Interval / 1000.0:0.#} s");

    private static TopicReading Describe(TopicEntry entry, long now)
    {
        var (messages, bytes) = entry.RatesAt(now);
        return new TopicReading(entry.Topic, entry.Figures, messages, bytes, entry.LastBytes, entry.Rhythm);
    }

    private sealed class ClientEntry(string clientId)
    {
        public string ClientId => clientId;

        public LinkedListNode<ClientEntry>? Place { get; set; }

        public long HeardIn { get; set; } = -1;

        public Rhythm Rhythm = Rhythm.Unheard;
    }
}

/// <summary>A topic at one moment.</summary>
internal readonly record struct TopicReading(string Topic, TopicFigures Figures, double MessagesPerSecond, double BytesPerSecond, int LastBytes, Rhythm Rhythm);

/// <summary>A topic or client that is silent.</summary>
internal readonly record struct SilentReading(bool IsClient, string Name, Rhythm Rhythm);
