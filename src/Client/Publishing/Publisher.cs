using Avocet.Client.Connections;
using Avocet.Client.Diagnostics;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Publishing;

/// <summary>
/// What goes out: what is in flight, and when it is sent. A message that can go at once goes at once; else it waits in the <see cref="Backlog"/> behind the
/// others, first for room in the outbox, then for a connection, its buffer, and the broker's receive quota.
/// </summary>
internal sealed class Publisher
{
    private readonly MqttClientOptions _options;
    private readonly Lock _gate;
    private readonly ExchangeTable _exchanges;
    private readonly PublishWriter _writer;
    private readonly ILogger _logger;
    private readonly PublishExchangePool _pool = new();
    private readonly Backlog _backlog;

    // What the former connection had in flight.
    private readonly Queue<PublishExchange> _resend = [];

    // What has to be on disk before it is sent, and what is to be sent behind that: one queue, so that nothing overtakes. [MQTT-4.6.0-1] [MQTT-4.6.0-4]
    private readonly Queue<PublishExchange> _keeping = [];
    private bool _isWaitingForDisk;
    private Link? _link;
    private Exception? _end;
    private int _quotaUsed;

    public Publisher(MqttClientOptions options, Lock gate, ExchangeTable exchanges, Counters counters, ILogger logger)
    {
        _options = options;
        _gate = gate;
        _exchanges = exchanges;
        _writer = new PublishWriter(counters);
        _logger = logger;
        _backlog = new Backlog(options, gate, logger);
    }

    /// <summary>Messages accepted and not acknowledged, or not sent, at QoS 0.</summary>
    public int Outstanding
    {
        get
        {
            lock (_gate) return _backlog.Count;
        }
    }

    /// <summary>Whether an earlier run left something in flight, which only its session can bring to an end. Under the gate.</summary>
    public bool NeedsSession => _backlog.IsKept && _exchanges.All.OfType<PublishExchange>().Any();

    private int QuotaMax => Math.Min(_link!.Server.ReceiveMaximum, _options.InFlightMax);

    /// <summary>Takes over what an earlier run left in the outbox. Before the first connection.</summary>
    public void Restore(OutboxJournal? journal) => _backlog.Restore(journal, _pool, TakeUnderWay);

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
            if (_link is { } link && PublishLimits.RefusalOf(request, link, topicSize, payloadSize) is { } refusal) throw refusal;

            var isFree = _link is { HasRoom: true } && _backlog.IsEmpty && _resend.Count == 0 && _keeping.Count == 0;
            if (isFree && request.Qos == Qos.AtMostOnce)
            {
                _writer.Write(_link!, request, 0, isDuplicate: false, ExpiryOf(request));
                _link!.RequestFlush();
                return default;
            }

            exchange = _pool.Rent();
            exchange.Begin(request, topicSize + payloadSize, _options.TimeProvider.GetTimestamp());
            task = exchange.Task;
            _backlog.Add(exchange);
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
        Clear(_resend);
        Clear(_keeping);
        var inFlight = _exchanges.All.OfType<PublishExchange>().OrderBy(exchange => exchange.Sequence).ToList();
        foreach (var exchange in inFlight) exchange.IsInQuota = false;
        if (isSessionPresent)
        {
            // Original identifiers, original order, and at no other time. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
            foreach (var exchange in inFlight) Enqueue(_resend, exchange);
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

        while (link.HasRoom && _resend.TryPeek(out var again) && MayResend(again)) SendAgain(link, Dequeue(_resend));
        if (_resend.Count == 0) SendNew(link);
        while (link.HasRoom && _keeping.TryPeek(out var kept) && IsOnDisk(kept)) SendKept(link, Dequeue(_keeping));

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
        foreach (var exchange in _backlog.All.Concat(_exchanges.All.OfType<PublishExchange>()).ToList()) exchange.TryFail(exception);
        _backlog.End();
    }

    /// <summary>Completes when nothing is outstanding, or at the end.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate) return _backlog.WhenIdleAsync();
    }

    /// <summary>Nothing more is taken, but what was taken goes on. Under the gate.</summary>
    public void Close(Exception exception) => _end ??= exception;

    public ValueTask CloseJournalAsync() => _backlog.CloseJournalAsync();

    private static uint? ExpiryOf(in PublishRequest request) => request.Properties?.MessageExpiry is { } expiry ? (uint)Math.Clamp(expiry.TotalSeconds, 0, uint.MaxValue) : null;

    private static void Enqueue(Queue<PublishExchange> queue, PublishExchange exchange)
    {
        exchange.IsEnqueued = true;
        queue.Enqueue(exchange);
    }

    private static PublishExchange Dequeue(Queue<PublishExchange> queue)
    {
        var exchange = queue.Dequeue();
        exchange.IsEnqueued = false;
        return exchange;
    }

    private static void Clear(Queue<PublishExchange> queue)
    {
        while (queue.Count > 0) Dequeue(queue);
    }

    private void ThrowIfEnded()
    {
        if (_end is { } end) throw new MqttException(end.Message, end);
    }

    private void TakeUnderWay(PublishExchange exchange, StoredPublish stored)
    {
        exchange.PacketId = stored.PacketId;
        exchange.State = stored.IsReceived ? PublishState.Released : PublishState.Sent;
        exchange.WasSent = true;
        _exchanges.Restore(exchange);
    }

    private void SendNew(Link link)
    {
        while (link.HasRoom && _backlog.TryPeek(out var next))
        {
            if (next.Request.Qos != Qos.AtMostOnce && (_quotaUsed >= QuotaMax || _exchanges.Count >= ExchangeTable.PublishesMax)) return;

            Send(link, _backlog.Dequeue());
            _backlog.AcceptWaiting();
        }
    }

    private void Send(Link link, PublishExchange exchange)
    {
        var request = exchange.Request;

        // What was accepted for another connection may be too much for this one.
        if (PublishLimits.RefusalOf(request, link, PublishWriter.CheckTopic(request.Topic), PublishWriter.SizeOfPayload(request)) is { } refusal)
        {
            Fail(exchange, refusal);
            return;
        }

        if (request.Qos != Qos.AtMostOnce)
        {
            _exchanges.TryAdd(exchange);
            TakeQuota(exchange);
        }

        // Were another identifier used after a restart, the broker would take it for another message.
        exchange.Kept = request.Qos == Qos.ExactlyOnce ? _backlog.UpdateAsync(exchange, isReceived: false) : null;
        if (exchange.Kept is null && _keeping.Count == 0)
        {
            SendFirst(link, exchange);
            return;
        }

        exchange.State = PublishState.Keeping;
        Enqueue(_keeping, exchange);
    }

    private void SendFirst(Link link, PublishExchange exchange)
    {
        if (ExpiryLeft(exchange) is var expirySeconds && expirySeconds is 0)
        {
            var request = exchange.Request;
            Fail(exchange, new MqttPublishException($"Message to '{request.Topic}' not sent: it expired in the outbox after {request.Properties!.MessageExpiry!.Value.TotalSeconds} s."));
            return;
        }

        _writer.Write(link, exchange.Request, exchange.PacketId, isDuplicate: false, expirySeconds);
        if (exchange.Request.Qos == Qos.AtMostOnce)
        {
            _backlog.CountOut(exchange);
            exchange.State = PublishState.Done;
            return;
        }

        exchange.State = PublishState.Sent;
        exchange.WasSent = true;
    }

    private void SendKept(Link link, PublishExchange exchange)
    {
        if (exchange.State == PublishState.Keeping) SendFirst(link, exchange);
        else if (exchange.State == PublishState.Released) WritePubrel(link, exchange.PacketId);
    }

    private bool MayResend(PublishExchange exchange)
    {
        return IsOnDisk(exchange) && (exchange.State is not (PublishState.Sent or PublishState.Keeping) || _quotaUsed < QuotaMax);
    }

    private void SendAgain(Link link, PublishExchange exchange)
    {
        switch (exchange.State)
        {
            case PublishState.Released:
                WritePubrel(link, exchange.PacketId);
                return;

            case PublishState.Keeping:
                TakeQuota(exchange);
                SendFirst(link, exchange);
                return;

            case PublishState.Sent:
                TakeQuota(exchange);
                // It may have been sent, so its expiry does not end it any more. [MQTT-4.3.3-7]
                _writer.Write(link, exchange.Request, exchange.PacketId, isDuplicate: true, ExpiryLeft(exchange));
                return;

            default:
                // Acknowledged before it was sent again.
                return;
        }
    }

    // Looks at the head of a queue only; whoever is behind is sent behind, however early it is on disk.
    private bool IsOnDisk(PublishExchange exchange)
    {
        if (exchange.Kept is not { } kept) return true;

        if (!kept.IsCompleted)
        {
            if (!_isWaitingForDisk) _ = PumpWhenKeptAsync(kept);
            return false;
        }

        exchange.Kept = null;
        if (kept.Exception is { } failure) Log.OutboxFailed(_logger, failure.GetBaseException().Message);
        return true;
    }

    private async Task PumpWhenKeptAsync(Task kept)
    {
        _isWaitingForDisk = true;
        await kept.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _isWaitingForDisk = false;
            Pump();
        }
    }

    private void TakeQuota(PublishExchange exchange)
    {
        exchange.IsInQuota = true;
        _quotaUsed++;
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
            // PUBREL lets the broker forget the identifier; after a restart PUBLISH must not come again then.
            exchange.Kept = _backlog.UpdateAsync(exchange, isReceived: true);
            if (exchange.Kept is not null && !exchange.IsEnqueued)
            {
                Enqueue(_keeping, exchange);
                return;
            }
        }

        if (!exchange.IsEnqueued && _link is { } link) WritePubrel(link, exchange.PacketId);
    }

    private static void WritePubrel(Link link, ushort packetId, ReasonCode reason = ReasonCode.Success)
    {
        link.Write(new AcknowledgementPacket { Type = PacketType.Pubrel, PacketId = packetId, Reason = reason });
    }

    private bool TryAcknowledgeUnknown(PacketType kind, ushort packetId)
    {
        // A subscription's identifier, or none of ours: PUBREL ends the exchange at the broker too, whatever was lost.
        if (kind == PacketType.Pubrec && _link is { } link) WritePubrel(link, packetId, ReasonCode.PacketIdentifierNotFound);

        return _exchanges.Find(packetId) is null;
    }

    private void Finish(PublishExchange exchange, ReasonCode reason, AcknowledgementDetails? details)
    {
        var topic = exchange.Request.Topic;
        var result = exchange.State == PublishState.Released ? exchange.Received : new PublishResult(reason) { Details = details };
        Leave(exchange);
        if (!result.Reason.IsError())
        {
            exchange.TryFinish(result);
            return;
        }

        var words = details?.ReasonString is { } text ? $": {text}" : "";
        var failure = new MqttPublishException($"Message to '{topic}' refused by the broker: {result.Reason.Describe()}{words}")
        {
            Reason = result.Reason,
            ReasonString = details?.ReasonString,
            UserProperties = details?.UserProperties ?? [],
        };
        if (!exchange.TryFinish(failure)) Log.PublishRefused(_logger, topic, result.Reason.Describe());
    }

    private void Fail(PublishExchange exchange, MqttPublishException failure)
    {
        Leave(exchange);
        if (!exchange.TryFinish(failure)) Log.PublishNotSent(_logger, failure.Message);
    }

    private void Leave(PublishExchange exchange)
    {
        if (exchange.PacketId != 0) _exchanges.Remove(exchange);
        if (exchange.IsInQuota) _quotaUsed--;
        exchange.IsInQuota = false;
        _backlog.CountOut(exchange);
        _backlog.AcceptWaiting();
    }

    // The broker has lost the session. What it owned is delivered; the rest is sent as new.
    private void BeginAnew(List<PublishExchange> inFlight)
    {
        foreach (var exchange in inFlight.Where(exchange => exchange.State == PublishState.Released)) Finish(exchange, ReasonCode.Success, null);

        var unsent = inFlight.Where(exchange => exchange.State != PublishState.Done).ToList();
        foreach (var exchange in unsent)
        {
            _exchanges.Remove(exchange);
            exchange.State = PublishState.Queued;
            exchange.WasSent = false;
            // The identifier may soon be another message's, on disk too.
            exchange.Kept = _backlog.UpdateAsync(exchange, isReceived: false);
        }

        _backlog.PutFirst(unsent);
    }

    private void Cancel(PublishExchange exchange)
    {
        lock (_gate)
        {
            if (exchange.TryFail(new OperationCanceledException()) && exchange.State == PublishState.Queued) _backlog.Cancel(exchange);
        }
    }
}
