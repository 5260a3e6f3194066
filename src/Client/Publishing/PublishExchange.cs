using System.Threading.Tasks.Sources;
using Avocet.Client.Connections;

namespace Avocet.Client.Publishing;

/// <summary>How far a publication has come.</summary>
internal enum PublishState
{
    /// <summary>In the outbox, or waiting for room in it.</summary>
    Queued,

    /// <summary>Its packet identifier is being kept before PUBLISH goes.</summary>
    Keeping,

    /// <summary>PUBLISH was sent.</summary>
    Sent,

    /// <summary>PUBREC has come: PUBREL was sent. [MQTT-4.3.3-6]</summary>
    Released,

    /// <summary>Nothing more comes.</summary>
    Done,
}

/// <summary>
/// A message from the call to its last acknowledgement, and the task of the caller. Taken from a pool, and given back when the caller has got the result.
/// </summary>
internal sealed class PublishExchange : Exchange, IValueTaskSource<PublishResult>
{
    private readonly PublishExchangePool _pool;
    private ManualResetValueTaskSourceCore<PublishResult> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private bool _isCompleted;
    private volatile PublishState _state;

    public PublishExchange(PublishExchangePool pool) => _pool = pool;

    public PublishRequest Request { get; private set; }

    /// <summary>Bytes for the bounds of the outbox.</summary>
    public int Size { get; private set; }

    /// <summary>Done comes last where the caller has its result already: its thread, which takes no lock, may then give the exchange back to the pool.</summary>
    public PublishState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Whether it counts in the outbox.</summary>
    public bool IsAccepted { get; set; }

    /// <summary>Whether it takes part of the receive quota of this connection.</summary>
    public bool IsInQuota { get; set; }

    /// <summary>The caller gave up before it was sent.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Whether PUBLISH may have reached the broker.</summary>
    public bool WasSent { get; set; }

    /// <summary>Whether it lies in a queue of the publisher, and so must not become another message.</summary>
    public bool IsEnqueued { get; set; }

    /// <summary>The change that has to be on disk before its next packet goes; null for none.</summary>
    public Task? Kept { get; set; }

    /// <summary>What PUBREC said.</summary>
    public PublishResult Received { get; set; }

    /// <summary>When it came, for its expiry.</summary>
    public long EnteredAt { get; set; }

    /// <summary>The time that it had spent before, in an earlier run of the program.</summary>
    public TimeSpan EarlierAge { get; set; }

    /// <summary>Its place in the journal; 0 for none.</summary>
    public long Key { get; set; }

    public ValueTask<PublishResult> Task => new(this, _core.Version);

    public void Begin(PublishRequest request, int size, long now)
    {
        Request = request;
        Size = size;
        EnteredAt = now;
        State = PublishState.Queued;
    }

    /// <summary>Lets the caller give up. Not under the gate.</summary>
    public void CancelWith(Action<PublishExchange> cancel, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled) _cancellation = cancellationToken.UnsafeRegister(static state => ((Cancellation)state!).Cancel(), new Cancellation(this, _core.Version, cancel));
    }

    /// <summary>Another one for each message.</summary>
    public short Version => _core.Version;

    /// <summary>Under the gate. Once PUBREC has come the payload is of no use any more.</summary>
    public void DropPayload() => Request = new PublishRequest(Request.Topic, Request.Qos, Request.Retain);

    /// <summary>Under the gate. Only the first end counts: acceptance, acknowledgement, failure or cancellation.</summary>
    public bool TryComplete(PublishResult result)
    {
        if (_isCompleted) return false;

        _isCompleted = true;
        _core.SetResult(result);
        return true;
    }

    /// <inheritdoc cref="TryComplete(PublishResult)"/>
    public bool TryFail(Exception exception)
    {
        if (_isCompleted) return false;

        _isCompleted = true;
        _core.SetException(exception);
        return true;
    }

    /// <summary>The broker has the last word; false when the caller had a result already. Not to be used afterwards.</summary>
    public bool TryFinish(PublishResult result)
    {
        if (!BeginFinish()) return false;

        return TryComplete(result);
    }

    /// <inheritdoc cref="TryFinish(PublishResult)"/>
    public bool TryFinish(Exception exception)
    {
        if (!BeginFinish()) return false;

        return TryFail(exception);
    }

    public PublishResult GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _cancellation.Dispose();
            // One that is still under way, because the caller waited for acceptance only or gave up, is left to the collector.
            if (State == PublishState.Done && !IsEnqueued) _pool.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Makes it as new.</summary>
    internal void Reset()
    {
        _core.Reset();
        _cancellation = default;
        _isCompleted = false;
        Request = default;
        PacketId = 0;
        Key = 0;
        Kept = null;
        EarlierAge = default;
        IsAccepted = IsInQuota = IsCancelled = WasSent = false;
        Received = default;
    }

    // Before the caller can get its result.
    private bool BeginFinish()
    {
        var isOpen = !_isCompleted;
        State = PublishState.Done;
        return isOpen;
    }

    // Tells an exchange of the pool that has meanwhile become another one's.
    private sealed class Cancellation(PublishExchange exchange, short version, Action<PublishExchange> cancel)
    {
        public void Cancel()
        {
            if (exchange.Version == version) cancel(exchange);
        }
    }
}

/// <summary>Exchanges to be used again, so that a message costs no allocation for its bookkeeping.</summary>
internal sealed class PublishExchangePool
{
    private const int KeptMax = 2048;

    private readonly Lock _gate = new();
    private readonly Stack<PublishExchange> _free = [];

    public PublishExchange Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var exchange)) return exchange;
        }

        return new PublishExchange(this);
    }

    public void Return(PublishExchange exchange)
    {
        exchange.Reset();
        lock (_gate)
        {
            if (_free.Count < KeptMax) _free.Push(exchange);
        }
    }
}
