using Avocet.Client.Connections;
using Avocet.Client.Diagnostics;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Publishing;

/// <summary>
/// What goes out: the outbox, what is in flight, and when it is sent. A message that can go at once goes at once; else it waits behind the others, first for
/// room in the outbox, then for a connection, its buffer, and the broker's receive quota.
/// </summary>
internal sealed class Publisher
{
    /// <summary>Messages that were given up and still lie in a queue.</summary>
    private const int CancelledMax = 1000;

    private readonly MqttClientOptions _options;
    private readonly Lock _gate;
    private readonly ExchangeTable _exchanges;
    private readonly PublishWriter _writer;
    private readonly ILogger _logger;
    private readonly PublishExchangePool _pool = new();
    private readonly Queue<PublishExchange> _waiting = [];
    private readonly Queue<PublishExchange> _accepted = [];
    private readonly Queue<PublishExchange> _resend = [];
    private readonly List<TaskCompletionSource> _idleWaiters = [];
    private OutboxJournal? _journal;
    private Link? _link;
    private Exception? _end;
    private bool _isReady;
    private long _acceptedBytes;
    private int _acceptedCount;
    private int _quotaUsed;
    private int _cancelled;
    private long _lastKey;

    public Publisher(MqttClientOptions options, Lock gate, ExchangeTable exchanges, Counters counters, ILogger logger)
    {
        _options = options;
        _gate = gate;
        _exchanges = exchanges;
        _writer = new PublishWriter(counters);
        _logger = logger;
        // What an earlier run left goes first.
        _isReady = !options.Outbox.IsKept;
    }

    /// <summary>Messages accepted and not acknowledged, or not sent, at QoS 0.</summary>
    public int Outstanding
    {
        get
        {
            lock (_gate) return _acceptedCount;
        }
    }

    /// <summary>Whether an earlier run left something in flight, which only its session can bring to an end. Under the gate.</summary>
    public bool NeedsSession => _journal is not null && _exchanges.All.OfType<PublishExchange>().Any();

    private int QuotaMax => _link!.Server.ReceiveMaximum;

    /// <summary>Takes over what an earlier run left in the outbox. Before the first connection.</summary>
    public void Restore(OutboxJournal? journal)
    {
        _journal = journal;
        _isReady = true;
        if (journal is null) return;

        var now = _options.TimeProvider.GetUtcNow();
        foreach (var stored in journal.Stored)
        {
            var exchange = _pool.Rent();
            var request = PublishRequest.Of(stored.Message) with { CompletesWhenAccepted = true };
            exchange.Begin(request, stored.Message.Topic.Length + stored.Message.Payload.Length, _options.TimeProvider.GetTimestamp());
            exchange.EarlierAge = now - stored.KeptAt;
            exchange.Key = stored.Key;
            _lastKey = Math.Max(_lastKey, stored.Key);
            CountIn(exchange);
            if (stored.PacketId == 0)
            {
                _accepted.Enqueue(exchange);
                continue;
            }

            exchange.PacketId = stored.PacketId;
            exchange.State = stored.IsReceived ? PublishState.Released : PublishState.Sent;
            exchange.WasSent = true;
            _exchanges.Restore(exchange);
        }

        if (journal.Stored.Count > 0) Log.OutboxRestored(_logger, journal.Stored.Count);
        AcceptWaiting();
    }

    /// <summary>Sends a message, or lets it wait. The task completes with its acknowledgement, or as the request says.</summary>
    /// <exception cref="ArgumentException">The message cannot be sent to any broker.</exception>
    /// <exception cref="MqttException">This broker does not take it, or the client is closed.</exception>
    public ValueTask<PublishResult> PublishAsync(in PublishRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var topicSize = PublishWriter.CheckTopic(request.Topic);
        var payloadSize = PublishWriter.SizeOfPayload(request);
        if (request.Qos > Qos.ExactlyOnce) throw new ArgumentException($"QoS {(int)request.Qos} is not 0, 1 or 2.", nameof(request));

        PublishExchange exchange;
        ValueTask<PublishResult> task;
        lock (_gate)
        {
            ThrowIfEnded();
            if (_link is { } link && Refusal(link, request, topicSize, payloadSize) is { } refusal) throw refusal;

            var isFree = _link is { HasRoom: true } && _accepted.Count == 0 && _waiting.Count == 0 && _resend.Count == 0;
            if (isFree && request.Qos == Qos.AtMostOnce)
            {
                _writer.Write(_link!, request, 0, isDuplicate: false, ExpiryOf(request));
                _link!.RequestFlush();
                return default;
            }

            exchange = _pool.Rent();
            exchange.Begin(request, topicSize + payloadSize, _options.TimeProvider.GetTimestamp());
            task = exchange.Task;
            if (HasRoomFor(exchange) && _waiting.Count == 0) Accept(exchange);
            else _waiting.Enqueue(exchange);
            Pump();
        }

        exchange.CancelWith(Cancel, cancellationToken);
        return task;
    }

    /// <summary>Goes on with a new connection: what was in flight first, then what waits. Under the gate.</summary>
    public void Resume(Link link, bool isSessionPresent)
    {
        _link = link;
        _quotaUsed = 0;
        _resend.Clear();
        var inFlight = _exchanges.All.OfType<PublishExchange>().OrderBy(exchange => exchange.Sequence).ToList();
        foreach (var exchange in inFlight) exchange.IsInQuota = false;
        if (isSessionPresent)
        {
            // Original identifiers, original order, and at no other time. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
            foreach (var exchange in inFlight.Where(exchange => exchange.State is PublishState.Sent or PublishState.Released)) _resend.Enqueue(exchange);
        }
        else
        {
            BeginAnew(inFlight);
        }

        Pump();
    }

    /// <summary>The connection is gone. Under the gate.</summary>
    public void Suspend() => _link = null;

    /// <summary>Sends what may be sent. Under the gate; called whenever something has changed for the better.</summary>
    public void Pump()
    {
        if (_link is not { } link) return;

        while (link.HasRoom && _resend.TryPeek(out var again))
        {
            if (again.State == PublishState.Sent && _quotaUsed >= QuotaMax) break;

            _resend.Dequeue();
            SendAgain(link, again);
        }

        while (link.HasRoom && _resend.Count == 0 && _accepted.TryPeek(out var next))
        {
            if (!next.IsCancelled && next.Request.Qos != Qos.AtMostOnce && (_quotaUsed >= QuotaMax || _exchanges.Count >= ExchangeTable.PublishesMax)) break;

            _accepted.Dequeue();
            if (!next.IsCancelled) Send(link, next);
            AcceptWaiting();
        }

        link.RequestFlush();
    }

    /// <summary>Under the gate; false when the packet does not belong to what was sent.</summary>
    public bool TryAcknowledge(PacketType kind, ushort packetId, ReasonCode reason, AcknowledgementDetails? details)
    {
        if (_exchanges.Find(packetId) is not PublishExchange exchange) return TryAcknowledgeUnknown(kind, packetId);

        var isQos1 = exchange.Request.Qos == Qos.AtLeastOnce;
        switch (kind)
        {
            case PacketType.Puback when isQos1 && exchange.State == PublishState.Sent:
            case PacketType.Pubcomp when !isQos1 && exchange.State == PublishState.Released:
                Finish(exchange, kind == PacketType.Pubcomp ? ReasonCode.Success : reason, details);
                return true;

            // The broker refuses the message; that ends it. [MQTT-4.4.0-2]
            case PacketType.Pubrec when !isQos1 && reason.IsError():
                Finish(exchange, reason, details);
                return true;

            case PacketType.Pubrec when !isQos1 && exchange.State is PublishState.Sent or PublishState.Released:
                Release(exchange, reason, details);
                return true;

            default:
                return false;
        }
    }

    /// <summary>Ends all: whoever waits gets the exception. What is kept on disk stays there. Under the gate.</summary>
    public void End(Exception exception)
    {
        _end = exception;
        _link = null;
        foreach (var exchange in _waiting.Concat(_accepted).Concat(_exchanges.All.OfType<PublishExchange>()).ToList()) exchange.TryFail(exception);
        _waiting.Clear();
        _accepted.Clear();
        foreach (var waiter in _idleWaiters) waiter.TrySetResult();
        _idleWaiters.Clear();
    }

    /// <summary>Completes when nothing is outstanding, or at the end.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (_acceptedCount == 0 && _waiting.Count == 0) return Task.CompletedTask;

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _idleWaiters.Add(waiter);
            return waiter.Task;
        }
    }

    /// <summary>Nothing more is taken, but what was taken goes on. Under the gate.</summary>
    public void Close(Exception exception) => _end ??= exception;

    public ValueTask CloseJournalAsync() => _journal?.DisposeAsync() ?? default;

    private void ThrowIfEnded()
    {
        if (_end is { } end) throw new MqttException(end.Message, end);
    }

    private static MqttPublishException? Refusal(Link link, in PublishRequest request, int topicSize, int payloadSize)
    {
        var server = link.Server;
        if (request.Qos > server.MaximumQos)
        {
            return Refuse(ReasonCode.QosNotSupported, request.Topic, $"the broker takes at most QoS {(int)server.MaximumQos}. Publish with that.");
        }

        if (request.Retain && !server.RetainAvailable) return Refuse(ReasonCode.RetainNotSupported, request.Topic, "the broker takes no retained messages. Publish without retain.");
        if (server.MaximumPacketSize >= Limits.PacketSizeMax && payloadSize < Limits.RemainingLengthMax / 2) return null;

        var size = PublishWriter.GetSizeMax(link, request, topicSize, payloadSize);
        return size <= server.MaximumPacketSize && size <= Limits.PacketSizeMax
            ? null
            : Refuse(ReasonCode.PacketTooLarge, request.Topic, $"the packet has {size} bytes; the broker takes {server.MaximumPacketSize}.");
    }

    private static MqttPublishException Refuse(ReasonCode reason, string topic, string why) => new($"Message to '{topic}' not sent: {why}") { Reason = reason };

    private static uint? ExpiryOf(in PublishRequest request) => request.Properties?.MessageExpiry is { } expiry ? (uint)Math.Clamp(expiry.TotalSeconds, 0, uint.MaxValue) : null;

    private bool HasRoomFor(PublishExchange exchange)
    {
        // A message larger than all the outbox goes in when nothing else is in there.
        return _isReady && (_acceptedCount == 0 || (_acceptedCount < _options.Outbox.MessagesMax && _acceptedBytes + exchange.Size <= _options.Outbox.BytesMax));
    }

    private void AcceptWaiting()
    {
        while (_waiting.TryPeek(out var next))
        {
            if (!next.IsCancelled && !HasRoomFor(next)) return;

            _waiting.Dequeue();
            if (!next.IsCancelled) Accept(next);
        }
    }

    private void Accept(PublishExchange exchange)
    {
        CountIn(exchange);
        _accepted.Enqueue(exchange);
        var isKept = _journal is not null && exchange.Request.Qos != Qos.AtMostOnce;
        if (isKept) Keep(exchange);
        else if (exchange.Request.CompletesWhenAccepted || exchange.Request.Qos == Qos.AtMostOnce) exchange.TryComplete(default);
    }

    private void Keep(PublishExchange exchange)
    {
        exchange.Key = ++_lastKey;
        var request = exchange.Request;
        var message = new MqttMessage(request.Topic, request.Text is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : request.Payload)
        {
            Qos = request.Qos,
            Retain = request.Retain,
            PropertiesOrNull = request.Properties,
        };
        _ = CompleteWhenKeptAsync(exchange, _journal!.AddAsync(new StoredPublish(exchange.Key, 0, false, _options.TimeProvider.GetUtcNow(), message)));
    }

    private async Task CompleteWhenKeptAsync(PublishExchange exchange, Task kept)
    {
        var waits = exchange.Request.CompletesWhenAccepted;
        var failure = await FailureOfAsync(kept).ConfigureAwait(false);
        if (!waits) return;

        lock (_gate)
        {
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
            Log.OutboxFailed(_logger, exception.Message);
            return exception;
        }
    }

    private void CountIn(PublishExchange exchange)
    {
        exchange.IsAccepted = true;
        _acceptedCount++;
        _acceptedBytes += exchange.Size;
    }

    private void CountOut(PublishExchange exchange)
    {
        if (!exchange.IsAccepted) return;

        exchange.IsAccepted = false;
        _acceptedCount--;
        _acceptedBytes -= exchange.Size;
        if (exchange.Key != 0) _ = FailureOfAsync(_journal!.RemoveAsync(exchange.Key));
        if (_acceptedCount > 0 || _waiting.Count > 0) return;

        foreach (var waiter in _idleWaiters) waiter.TrySetResult();
        _idleWaiters.Clear();
    }

    private void Send(Link link, PublishExchange exchange)
    {
        var request = exchange.Request;
        if (!TryGetExpiry(exchange, out var expirySeconds))
        {
            Fail(exchange, new MqttPublishException($"Message to '{request.Topic}' not sent: it expired in the outbox after {request.Properties!.MessageExpiry!.Value.TotalSeconds} s."));
            return;
        }

        // What was accepted for another connection may be too much for this one.
        if (Refusal(link, request, PublishWriter.CheckTopic(request.Topic), PublishWriter.SizeOfPayload(request)) is { } refusal)
        {
            Fail(exchange, refusal);
            return;
        }

        if (request.Qos == Qos.AtMostOnce)
        {
            _writer.Write(link, request, 0, isDuplicate: false, expirySeconds);
            exchange.State = PublishState.Done;
            CountOut(exchange);
            return;
        }

        _exchanges.TryAdd(exchange);
        TakeQuota(exchange);
        if (exchange.Key != 0 && request.Qos == Qos.ExactlyOnce)
        {
            // Were another identifier used after a restart, the broker would take it for another message.
            exchange.State = PublishState.Keeping;
            _ = SendWhenKeptAsync(exchange, _journal!.UpdateAsync(exchange.Key, exchange.PacketId, false));
            return;
        }

        SendFirst(link, exchange, expirySeconds);
    }

    private void SendFirst(Link link, PublishExchange exchange, uint? expirySeconds)
    {
        exchange.State = PublishState.Sent;
        exchange.WasSent = true;
        _writer.Write(link, exchange.Request, exchange.PacketId, isDuplicate: false, expirySeconds);
    }

    private async Task SendWhenKeptAsync(PublishExchange exchange, Task kept)
    {
        await FailureOfAsync(kept).ConfigureAwait(false);
        lock (_gate)
        {
            if (exchange.State != PublishState.Keeping) return;

            exchange.State = PublishState.Sent;
            if (_link is not { } link) return;

            if (!exchange.IsInQuota) TakeQuota(exchange);
            SendFirst(link, exchange, ExpiryLeft(exchange));
            link.RequestFlush();
        }
    }

    private void SendAgain(Link link, PublishExchange exchange)
    {
        if (exchange.State == PublishState.Released)
        {
            link.Write(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = exchange.PacketId });
            return;
        }

        TakeQuota(exchange);
        // It may have been sent, so its expiry does not end it any more. [MQTT-4.3.3-7]
        _writer.Write(link, exchange.Request, exchange.PacketId, isDuplicate: exchange.WasSent, ExpiryLeft(exchange));
        exchange.WasSent = true;
    }

    private void TakeQuota(PublishExchange exchange)
    {
        exchange.IsInQuota = true;
        _quotaUsed++;
    }

    private bool TryGetExpiry(PublishExchange exchange, out uint? seconds)
    {
        seconds = ExpiryLeft(exchange);
        return seconds is not 0;
    }

    // 0 only when it is over; what has just begun or lasts a part of a second more counts as 1.
    private uint? ExpiryLeft(PublishExchange exchange)
    {
        if (exchange.Request.Properties?.MessageExpiry is not { } expiry) return null;

        var left = expiry - exchange.EarlierAge - _options.TimeProvider.GetElapsedTime(exchange.EnteredAt);
        return left <= TimeSpan.Zero ? exchange.WasSent ? 1u : 0u : (uint)Math.Clamp(Math.Ceiling(left.TotalSeconds), 1, uint.MaxValue);
    }

    private void Release(PublishExchange exchange, ReasonCode reason, AcknowledgementDetails? details)
    {
        if (exchange.State == PublishState.Sent)
        {
            exchange.State = PublishState.Released;
            exchange.Received = new PublishResult(reason) { Details = details };
            exchange.DropPayload();
            if (exchange.Key != 0)
            {
                // PUBREL lets the broker forget the identifier; after a restart PUBLISH must not come again then.
                _ = ReleaseWhenKeptAsync(exchange, _journal!.UpdateAsync(exchange.Key, exchange.PacketId, true), _link);
                return;
            }
        }

        _link?.Write(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = exchange.PacketId });
    }

    private async Task ReleaseWhenKeptAsync(PublishExchange exchange, Task kept, Link? link)
    {
        await FailureOfAsync(kept).ConfigureAwait(false);
        lock (_gate)
        {
            // A new connection has it among what is sent again.
            if (exchange.State != PublishState.Released || link is null || _link != link) return;

            link.Write(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = exchange.PacketId });
            link.RequestFlush();
        }
    }

    private bool TryAcknowledgeUnknown(PacketType kind, ushort packetId)
    {
        // A subscription's identifier, or none of ours: PUBREL ends the exchange at the broker too, whatever was lost.
        if (kind == PacketType.Pubrec)
        {
            _link?.Write(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = packetId, Reason = ReasonCode.PacketIdentifierNotFound });
        }

        return _exchanges.Find(packetId) is null;
    }

    private void Finish(PublishExchange exchange, ReasonCode reason, AcknowledgementDetails? details)
    {
        var topic = exchange.Request.Topic;
        var result = exchange.State == PublishState.Released ? exchange.Received : new PublishResult(reason) { Details = details };
        Leave(exchange);
        if (!result.Reason.IsError())
        {
            exchange.TryComplete(result);
            return;
        }

        var words = details?.ReasonString is { } text ? $": {text}" : "";
        var failure = new MqttPublishException($"Message to '{topic}' refused by the broker: {result.Reason.Describe()}{words}")
        {
            Reason = result.Reason,
            ReasonString = details?.ReasonString,
            UserProperties = details?.UserProperties ?? [],
        };
        if (!exchange.TryFail(failure)) Log.PublishRefused(_logger, topic, result.Reason.Describe());
    }

    private void Fail(PublishExchange exchange, MqttPublishException failure)
    {
        Leave(exchange);
        if (!exchange.TryFail(failure)) Log.PublishNotSent(_logger, failure.Message);
    }

    private void Leave(PublishExchange exchange)
    {
        if (exchange.PacketId != 0) _exchanges.Remove(exchange);
        if (exchange.IsInQuota) _quotaUsed--;
        exchange.IsInQuota = false;
        exchange.State = PublishState.Done;
        CountOut(exchange);
        AcceptWaiting();
    }

    // The broker has lost the session. What it owned is delivered; the rest is sent as new.
    private void BeginAnew(List<PublishExchange> inFlight)
    {
        var rest = _accepted.ToArray();
        _accepted.Clear();
        foreach (var exchange in inFlight)
        {
            if (exchange.State == PublishState.Released)
            {
                Finish(exchange, ReasonCode.Success, null);
                continue;
            }

            _exchanges.Remove(exchange);
            exchange.State = PublishState.Queued;
            exchange.WasSent = false;
            _accepted.Enqueue(exchange);
        }

        foreach (var exchange in rest) _accepted.Enqueue(exchange);
    }

    private void Cancel(PublishExchange exchange)
    {
        lock (_gate)
        {
            if (!exchange.TryFail(new OperationCanceledException())) return;
            if (exchange.State != PublishState.Queued) return;

            exchange.IsCancelled = true;
            exchange.DropPayload();
            CountOut(exchange);
            AcceptWaiting();
            if (++_cancelled > CancelledMax) RemoveCancelled();
        }
    }

    // Without a connection nobody comes by to take them out.
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
}
