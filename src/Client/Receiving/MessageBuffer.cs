using System.Threading.Tasks.Sources;

namespace Avocet.Client.Receiving;

/// <summary>
/// The messages of one subscription that wait to be handled, for one reader. Unacknowledged ones are bounded by Receive Maximum and never dropped; the
/// others by the buffer's size. They are read in the order in which they came.
/// </summary>
internal sealed class MessageBuffer : IValueTaskSource<bool>
{
    private readonly Lock _gate = new();
    private readonly Queue<(long Number, MqttMessage Message)> _plain = [];
    private readonly Queue<(long Number, MqttMessage Message)> _held = [];
    private readonly int _plainMax;
    private readonly OverflowPolicy _policy;
    private ManualResetValueTaskSourceCore<bool> _reader = new() { RunContinuationsAsynchronously = true };
    private bool _isReaderWaiting;
    private TaskCompletionSource? _room;
    private Exception? _error;
    private bool _isEnded;
    private long _lastNumber;

    public MessageBuffer(int plainMax, OverflowPolicy policy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(plainMax, 1);
        _plainMax = plainMax;
        _policy = policy;
    }

    /// <summary>Messages that did not fit.</summary>
    public long Dropped { get; private set; }

    public bool IsEmpty
    {
        get
        {
            lock (_gate) return _plain.Count == 0 && _held.Count == 0;
        }
    }

    /// <summary>Adds a message, or drops it or an older one; true when one was dropped.</summary>
    public bool Add(MqttMessage message, bool isHeld)
    {
        var isDropped = false;
        lock (_gate)
        {
            if (_isEnded) return false;

            if (!isHeld && _plain.Count >= _plainMax && _policy != OverflowPolicy.Wait)
            {
                isDropped = true;
                Dropped++;
                if (_policy == OverflowPolicy.DropNewest) return true;

                _plain.Dequeue();
            }

            (isHeld ? _held : _plain).Enqueue((++_lastNumber, message));
            WakeReader();
        }

        return isDropped;
    }

    /// <summary>Completes when there is room, for the policy that waits; null when there is.</summary>
    public Task? WhenRoomAsync()
    {
        lock (_gate)
        {
            if (_policy != OverflowPolicy.Wait || _plain.Count < _plainMax || _isEnded) return null;

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    public bool TryTake(out MqttMessage? message)
    {
        lock (_gate)
        {
            message = null;
            var hasPlain = _plain.TryPeek(out var plain);
            var hasHeld = _held.TryPeek(out var held);
            if (!hasPlain && !hasHeld) return false;

            var takesHeld = hasHeld && (!hasPlain || held.Number < plain.Number);
            message = (takesHeld ? _held : _plain).Dequeue().Message;
            if (_plain.Count < _plainMax) Interlocked.Exchange(ref _room, null)?.TrySetResult();
            return true;
        }
    }

    /// <summary>True when there is something to take or the reading is cancelled, false at the end. One reader at a time.</summary>
    /// <exception cref="MqttException">The end was a failure.</exception>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // Looked at under the lock that a nudge takes after it is set, so that none is missed.
            if (_plain.Count > 0 || _held.Count > 0 || cancellationToken.IsCancellationRequested) return new ValueTask<bool>(true);
            if (_isEnded) return _error is null ? new ValueTask<bool>(false) : ValueTask.FromException<bool>(_error);

            _reader.Reset();
            _isReaderWaiting = true;
            return new ValueTask<bool>(this, _reader.Version);
        }
    }

    /// <summary>Nothing more comes. What is in the buffer can still be taken.</summary>
    public void End(Exception? error)
    {
        lock (_gate)
        {
            if (_isEnded) return;

            _isEnded = true;
            _error = error;
            Interlocked.Exchange(ref _room, null)?.TrySetResult();
            WakeReader();
        }
    }

    /// <summary>Wakes the reader without a message, so that it looks at its cancellation.</summary>
    public void Nudge()
    {
        lock (_gate) WakeReader();
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _reader.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _reader.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _reader.OnCompleted(continuation, state, token, flags);
    }

    private void WakeReader()
    {
        if (!_isReaderWaiting) return;

        _isReaderWaiting = false;
        _reader.SetResult(_plain.Count > 0 || _held.Count > 0 || !_isEnded);
    }
}
