using System.Diagnostics.CodeAnalysis;
using Avocet.Client.Diagnostics;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Publishing;

/// <summary>
/// The outbox: its bounds and its journal, what is in it and not under way yet, and behind that what waits for room in it. Used under the client's gate.
/// </summary>
internal sealed class Backlog(MqttClientOptions options, Lock gate, ILogger logger)
{
    /// <summary>Messages that were given up and still lie in a queue.</summary>
    private const int CancelledMax = 1000;

    private readonly Queue<PublishExchange> _waiting = [];
    private readonly Queue<PublishExchange> _accepted = [];
    private readonly List<TaskCompletionSource> _idleWaiters = [];
    private OutboxJournal? _journal;
    // What an earlier run left goes first.
    private bool _isReady = !options.Outbox.IsKept;
    private long _bytes;
    private int _cancelled;
    private long _lastKey;

    /// <summary>Messages accepted and not acknowledged, or not sent, at QoS 0.</summary>
    public int Count { get; private set; }

    /// <summary>Whether nothing waits to be sent for the first time.</summary>
    public bool IsEmpty => _accepted.Count == 0 && _waiting.Count == 0;

    public bool IsKept => _journal is not null;

    /// <summary>All that waits to be sent for the first time.</summary>
    public IEnumerable<PublishExchange> All => _accepted.Concat(_waiting);

    /// <summary>Begins with what an earlier run left: what was under way then is handed to <paramref name="takeUnderWay"/>, the rest waits here.</summary>
    public void Restore(OutboxJournal? journal, PublishExchangePool pool, Action<PublishExchange, StoredPublish> takeUnderWay)
    {
        _journal = journal;
        _isReady = true;
        if (journal is null) return;

        var now = options.TimeProvider.GetUtcNow();
        foreach (var stored in journal.Stored)
        {
            var exchange = pool.Rent();
            var request = PublishRequest.Of(stored.Message) with { CompletesWhenAccepted = true };
            exchange.Begin(request, stored.Message.Topic.Length + stored.Message.Payload.Length, options.TimeProvider.GetTimestamp());
            exchange.EarlierAge = now - stored.KeptAt;
            exchange.Key = stored.Key;
            _lastKey = Math.Max(_lastKey, stored.Key);
            CountIn(exchange);
            if (stored.PacketId == 0) _accepted.Enqueue(exchange);
            else takeUnderWay(exchange, stored);
        }

        if (journal.Stored.Count > 0) Log.OutboxRestored(logger, journal.Stored.Count);
        AcceptWaiting();
    }

    /// <summary>Takes a message in, or lets it wait for room.</summary>
    public void Add(PublishExchange exchange)
    {
        if (HasRoomFor(exchange) && _waiting.Count == 0) Accept(exchange);
        else _waiting.Enqueue(exchange);
    }

    /// <summary>The next message to be sent.</summary>
    public bool TryPeek([NotNullWhen(true)] out PublishExchange? next)
    {
        while (_accepted.TryPeek(out next) && next.IsCancelled) _accepted.Dequeue();
        return next is not null;
    }

    /// <summary>Takes the message which <see cref="TryPeek"/> has shown. It counts until <see cref="CountOut"/>.</summary>
    public PublishExchange Dequeue() => _accepted.Dequeue();

    /// <summary>Messages that were under way go before all others, in their order, for they were accepted before.</summary>
    public void PutFirst(IEnumerable<PublishExchange> exchanges)
    {
        var rest = _accepted.ToArray();
        _accepted.Clear();
        foreach (var exchange in exchanges.Concat(rest)) _accepted.Enqueue(exchange);
    }

    /// <summary>Keeps how far a message has come; null where nothing is kept.</summary>
    public Task? UpdateAsync(PublishExchange exchange, bool isReceived)
    {
        return exchange.Key == 0 ? null : _journal!.UpdateAsync(exchange.Key, exchange.PacketId, isReceived);
    }

    /// <summary>The message needs no place any more.</summary>
    public void CountOut(PublishExchange exchange)
    {
        if (!exchange.IsAccepted) return;

        exchange.IsAccepted = false;
        Count--;
        _bytes -= exchange.Size;
        if (exchange.Key != 0) _ = FailureOfAsync(_journal!.RemoveAsync(exchange.Key));
        if (Count == 0 && _waiting.Count == 0) TellIdle();
    }

    public void AcceptWaiting()
    {
        while (_waiting.TryPeek(out var next))
        {
            if (!next.IsCancelled && !HasRoomFor(next)) return;

            _waiting.Dequeue();
            if (!next.IsCancelled) Accept(next);
        }
    }

    /// <summary>The caller has given up a message that is not under way.</summary>
    public void Cancel(PublishExchange exchange)
    {
        exchange.IsCancelled = true;
        exchange.DropPayload();
        CountOut(exchange);
        AcceptWaiting();
        // Without a connection nobody comes by to take them out.
        if (++_cancelled > CancelledMax) RemoveCancelled();
    }

    /// <summary>Completes when nothing is outstanding, or at the end.</summary>
    public Task WhenIdleAsync()
    {
        if (Count == 0 && _waiting.Count == 0) return Task.CompletedTask;

        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _idleWaiters.Add(waiter);
        return waiter.Task;
    }

    /// <summary>Nothing more is sent. What is on disk stays there.</summary>
    public void End()
    {
        _waiting.Clear();
        _accepted.Clear();
        TellIdle();
    }

    public ValueTask CloseJournalAsync() => _journal?.DisposeAsync() ?? default;

    private bool HasRoomFor(PublishExchange exchange)
    {
        // A message larger than all the outbox goes in when nothing else is in there.
        return _isReady && (Count == 0 || (Count < options.Outbox.MessagesMax && _bytes + exchange.Size <= options.Outbox.BytesMax));
    }

    private void Accept(PublishExchange exchange)
    {
        CountIn(exchange);
        _accepted.Enqueue(exchange);
        if (_journal is not null && exchange.Request.Qos != Qos.AtMostOnce) Keep(exchange, _journal);
        else if (exchange.Request.CompletesWhenAccepted || exchange.Request.Qos == Qos.AtMostOnce) exchange.TryComplete(default);
    }

    private void CountIn(PublishExchange exchange)
    {
        exchange.IsAccepted = true;
        Count++;
        _bytes += exchange.Size;
    }

    private void Keep(PublishExchange exchange, OutboxJournal journal)
    {
        exchange.Key = ++_lastKey;
        var request = exchange.Request;
        var message = new MqttMessage(request.Topic, request.Text is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : request.Payload)
        {
            Qos = request.Qos,
            Retain = request.Retain,
            PropertiesOrNull = request.Properties,
        };
        var kept = journal.AddAsync(new StoredPublish(exchange.Key, 0, false, options.TimeProvider.GetUtcNow(), message));
        _ = request.CompletesWhenAccepted ? CompleteWhenKeptAsync(exchange, exchange.Version, kept) : FailureOfAsync(kept);
    }

    private async Task CompleteWhenKeptAsync(PublishExchange exchange, short version, Task kept)
    {
        var failure = await FailureOfAsync(kept).ConfigureAwait(false);
        lock (gate)
        {
            // The broker may have acknowledged it before, and it may be another message by now.
            if (exchange.Version != version) return;

            if (failure is null) exchange.TryComplete(default);
            else exchange.TryFail(new MqttException($"The message is not kept: {failure.Message}", failure));
        }
    }

    private async Task<Exception?> FailureOfAsync(Task kept)
    {
        try
        {
            await kept.ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.OutboxFailed(logger, exception.Message);
            return exception;
        }
    }

    private void RemoveCancelled()
    {
        _cancelled = 0;
        foreach (var queue in (Queue<PublishExchange>[])[_waiting, _accepted])
        {
            for (var left = queue.Count; left > 0; left--)
            {
                var exchange = queue.Dequeue();
                if (!exchange.IsCancelled) queue.Enqueue(exchange);
            }
        }
    }

    private void TellIdle()
    {
        foreach (var waiter in _idleWaiters) waiter.TrySetResult();
        _idleWaiters.Clear();
    }
}
