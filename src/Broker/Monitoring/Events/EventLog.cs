using System.Collections.Concurrent;
using Avocet.Broker.Connections;
using Avocet.Broker.Security;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Monitoring.Events;

/// <summary>
/// The latest decisions of the broker, so that it can be told afterwards why a message did not arrive. Each kind has a room of its own, so that a flood of one
/// drives out none of the others. What repeats for a client costs a look-up and a count: it is told once, and then once a second. Any thread may call, also
/// under locks.
/// </summary>
internal sealed class EventLog : WheelTimer
{
    private const int IntervalMilliseconds = 1000;

    /// <summary>Clients that something repeats for at a time; what more there are is told each time.</summary>
    private const int RepeatedMax = 4096;

    private static readonly int KindCount = Enum.GetValues<BrokerEventKind>().Length;

    private readonly int _max;
    private readonly TimeProvider _timeProvider;
    private readonly Clock _clock;
    private readonly TimerWheel _wheel;
    private readonly Lock _gate = new();
    private readonly EventRing?[] _rings = new EventRing?[KindCount];
    private readonly ConcurrentDictionary<RepeatedKey, Repeated> _repeated = new();
    private TaskCompletionSource? _added;
    private long _last;
    private bool _isTimerSet;

    /// <param name="max">Events of each kind that are kept; 0 keeps none.</param>
    /// <param name="timeProvider">Tells the time of events.</param>
    /// <param name="clock">The broker's clock.</param>
    /// <param name="wheel">Its timers.</param>
    public EventLog(int max, TimeProvider timeProvider, Clock clock, TimerWheel wheel)
    {
        _max = max;
        _timeProvider = timeProvider;
        _clock = clock;
        _wheel = wheel;
    }

    /// <summary>Whether events are kept at all.</summary>
    public bool IsOn => _max > 0;

    /// <summary>The number of the latest event; 0 before the first.</summary>
    public long Last => Volatile.Read(ref _last);

    public void Add(BrokerEvent added)
    {
        if (!IsOn) return;

        TaskCompletionSource? waiting;
        lock (_gate)
        {
            added.Number = _last + 1;
            added.Time = _timeProvider.GetUtcNow();
            waiting = Keep(added.Kind, new EventEntry(added, added.Number, added.Time));
        }

        waiting?.TrySetResult();
    }

    /// <summary>What became of a client's connection; of one that began without <paramref name="ending"/>.</summary>
    public void Add(BrokerEventKind kind, ClientIdentity client, ProtocolVersion version, Ending? ending)
    {
        if (!IsOn) return;

        TaskCompletionSource? waiting;
        lock (_gate) waiting = Keep(kind, new EventEntry(kind, client, version, ending, _last + 1, _timeProvider.GetUtcNow()));

        waiting?.TrySetResult();
    }

    /// <summary>Counts what has just been told of this client. False when it is to be told, by <see cref="AddRepeated"/>.</summary>
    public bool TryCount(BrokerEventKind kind, string clientId)
    {
        if (!IsOn) return true;
        if (!_repeated.TryGetValue(new RepeatedKey(kind, clientId), out var repeated)) return false;

        Interlocked.Increment(ref repeated.Count);
        return true;
    }

    /// <summary>Tells what may well happen again at once.</summary>
    public void AddRepeated(BrokerEvent added)
    {
        Add(added);
        if (_repeated.Count >= RepeatedMax || !_repeated.TryAdd(new RepeatedKey(added.Kind, added.ClientId ?? ""), new Repeated(added))) return;

        lock (_gate)
        {
            if (_isTimerSet) return;

            _isTimerSet = true;
        }

        _wheel.Set(this, _clock.Now + IntervalMilliseconds);
    }

    /// <summary>The events behind a number, the oldest first; of more than <paramref name="max"/> the latest.</summary>
    public List<BrokerEvent> Read(long after, int max, Func<BrokerEvent, bool>? isMeant)
    {
        List<BrokerEvent> found = [];
        lock (_gate)
        {
            foreach (var ring in _rings) found.AddRange(ring?.After(after) ?? []);
        }

        if (isMeant is not null) found.RemoveAll(one => !isMeant(one));
        found.Sort((one, other) => one.Number.CompareTo(other.Number));
        return found.Count > max ? found[^max..] : found;
    }

    /// <summary>Completes once there is an event behind a number.</summary>
    public Task WhenAfterAsync(long number, CancellationToken cancellationToken)
    {
        Task added;
        lock (_gate)
        {
            if (_last > number) return Task.CompletedTask;

            added = (_added ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        return added.WaitAsync(cancellationToken);
    }

    /// <summary>Tells what has happened again in the last second.</summary>
    public override void OnExpired()
    {
        foreach (var (key, repeated) in _repeated)
        {
            var count = Interlocked.Exchange(ref repeated.Count, 0);
            if (count > 0) Add(repeated.First with { Count = count });
            else _repeated.TryRemove(key, out _);
        }

        lock (_gate)
        {
            _isTimerSet = !_repeated.IsEmpty;
            if (!_isTimerSet) return;
        }

        _wheel.Set(this, _clock.Now + IntervalMilliseconds);
    }

    /// <summary>Under the gate; returns who waits for it.</summary>
    private TaskCompletionSource? Keep(BrokerEventKind kind, in EventEntry entry)
    {
        (_rings[(int)kind] ??= new EventRing(_max)).Add(entry);
        Volatile.Write(ref _last, entry.Number);
        var waiting = _added;
        _added = null;
        return waiting;
    }

    private readonly record struct RepeatedKey(BrokerEventKind Kind, string ClientId);

    private sealed class Repeated(BrokerEvent first)
    {
        public long Count;

        public BrokerEvent First { get; } = first;
    }
}
