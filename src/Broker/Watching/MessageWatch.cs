using System.Text;
using Avocet.Broker.Routing;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Watching;

/// <summary>
/// Sees the messages whose topics match a filter, and never holds up who publishes them. It keeps a bounded number: while more come than are taken, the newest of each topic
/// replaces the one before, and what finds no room is counted.
/// </summary>
public sealed class MessageWatch : IDisposable
{
    /// <summary>Bytes of a payload that are kept.</summary>
    public const int PayloadBytesMax = 64 * 1024;

    private const int TopicsMax = 1000;
    private const int BytesMax = 2 * 1024 * 1024;

    private readonly MessageTaps _taps;
    private readonly TimeProvider _timeProvider;
    private readonly byte[] _filter;
    private readonly int _queueMax;
    private readonly Lock _gate = new();
    private readonly Queue<WatchedMessage> _queue = [];
    private readonly OrderedDictionary<string, WatchedMessage> _newest = [];
    private TaskCompletionSource? _waiting;
    private long _bytes;
    private long _skipped;

    internal MessageWatch(MessageTaps taps, TimeProvider timeProvider, string filter, int queueMax)
    {
        _taps = taps;
        _timeProvider = timeProvider;
        _filter = Encoding.UTF8.GetBytes(filter);
        _queueMax = queueMax;
        taps.Add(this);
    }

    /// <summary>Completes once there is something to take.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WhenAnyAsync(CancellationToken cancellationToken)
    {
        Task any;
        lock (_gate)
        {
            if (_queue.Count + _newest.Count > 0) return Task.CompletedTask;

            any = (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        return any.WaitAsync(cancellationToken);
    }

    /// <summary>Takes the next messages.</summary>
    /// <param name="max">How many at most.</param>
    /// <param name="skipped">How many were left out since this was last asked.</param>
    public IReadOnlyList<WatchedMessage> Take(int max, out long skipped)
    {
        List<WatchedMessage> taken = [];
        lock (_gate)
        {
            while (taken.Count < max && _queue.TryDequeue(out var message)) taken.Add(message);

            while (taken.Count < max && _newest.Count > 0)
            {
                taken.Add(_newest.GetAt(0).Value);
                _newest.RemoveAt(0);
            }

            foreach (var message in taken) _bytes -= SizeOf(message);

            (skipped, _skipped) = (_skipped, 0);
        }

        return taken;
    }

    public void Dispose() => _taps.Remove(this);

    /// <summary>Called by whoever publishes.</summary>
    internal void Offer(in Publication publication)
    {
        if (!TopicFilter.Matches(_filter, publication.TopicName)) return;

        TaskCompletionSource? waiting = null;
        lock (_gate)
        {
            if (TryKeep(publication)) (waiting, _waiting) = (_waiting, null);
        }

        waiting?.TrySetResult();
    }

    private bool TryKeep(in Publication publication)
    {
        var size = SizeOf(publication);
        if (_newest.Count == 0 && _queue.Count < _queueMax && _bytes + size <= BytesMax)
        {
            _queue.Enqueue(Copy(publication));
            _bytes += size;
            return true;
        }

        var topic = Encoding.UTF8.GetString(publication.TopicName);
        var former = _newest.TryGetValue(topic, out var known) ? known : null;
        var room = _bytes - (former is null ? 0 : SizeOf(former)) + size;
        if ((former is null && _newest.Count >= TopicsMax) || room > BytesMax)
        {
            _skipped++;
            return false;
        }

        if (former is not null) _skipped++;
        _newest[topic] = Copy(publication);
        _bytes = room;
        return true;
    }

    private WatchedMessage Copy(in Publication publication) => new(Encoding.UTF8.GetString(publication.TopicName), publication.Payload[..Math.Min(publication.Payload.Length, PayloadBytesMax)].ToArray())
    {
        PayloadSize = publication.Payload.Length,
        Qos = publication.Qos,
        Retain = publication.Retain,
        PublisherId = publication.PublisherId,
        At = _timeProvider.GetUtcNow(),
        Properties = publication.Properties.ToArray(),
    };

    private static int SizeOf(in Publication publication) => publication.TopicName.Length + publication.Properties.Length + Math.Min(publication.Payload.Length, PayloadBytesMax);

    private static int SizeOf(WatchedMessage message) => Encoding.UTF8.GetByteCount(message.TopicName) + message.Properties.Length + message.Payload.Length;
}
