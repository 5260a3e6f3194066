using Avocet.Client.Connections;
using Avocet.Client.Diagnostics;
using Avocet.Client.Subscriptions;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Receiving;

/// <summary>What comes in: from a PUBLISH to the buffers of its subscriptions. Runs in the read loop.</summary>
internal sealed class Receiver
{
    private readonly MqttClientOptions _options;
    private readonly Lock _gate;
    private readonly Acknowledger _acknowledger;
    private readonly Counters _counters;
    private readonly ILogger _logger;
    private readonly TopicRoutes _routes;
    private readonly List<(MqttMessage Message, long At)> _unclaimed = [];
    private readonly List<Subscription> _full = [];
    private TaskCompletionSource? _acknowledged;

    public Receiver(MqttClientOptions options, Lock gate, Acknowledger acknowledger, SubscriptionRegistry registry, Counters counters, ILogger logger)
    {
        _options = options;
        _gate = gate;
        _acknowledger = acknowledger;
        _counters = counters;
        _logger = logger;
        _routes = new TopicRoutes(registry);
        registry.OnAdded = Claim;
        acknowledger.OnAcknowledged = () => Interlocked.Exchange(ref _acknowledged, null)?.TrySetResult();
    }

    /// <summary>Takes a message over; a fault of the broker is returned.</summary>
    public DecodeError? Receive(in PublishPacket packet, Link link)
    {
        _counters.MessagesReceived++;
        var topic = packet.TopicName;
        if (packet.Properties.TryGetInteger(PropertyId.TopicAlias, out var alias) && !link.InboundAliases.TryResolve(alias, ref topic))
        {
            return new DecodeError(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8", 0, "Topic Alias", $"is {alias}, which is unknown or above {_options.TopicAliasMaximum}");
        }

        var route = _routes.Find(topic);
        var targets = TopicRoutes.Choose(route, packet.Properties);
        if (packet.Qos == Qos.AtMostOnce)
        {
            Deliver(packet, route, targets, null);
            return null;
        }

        return Hold(packet, link, route, targets);
    }

    /// <summary>What the read loop has to wait for before it reads on; null for nothing.</summary>
    public Task? WhenReadyAsync(Link link)
    {
        Task? wait = null;
        foreach (var subscription in _full)
        {
            if (subscription.Buffer.WhenRoomAsync() is { } room) wait = wait is null ? room : Task.WhenAll(wait, room);
        }

        _full.Clear();
        if (wait is not null || link.IsV5) return wait;

        // Before 5.0 the broker knows no Receive Maximum; it is not read from instead.
        lock (_gate)
        {
            if (_acknowledger.Unacknowledged < _options.ReceiveMaximum) return null;

            _acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _acknowledged.Task;
        }
    }

    /// <summary>Gives up messages that nobody claimed in time.</summary>
    public void SweepUnclaimed()
    {
        List<MqttMessage>? old = null;
        lock (_gate)
        {
            while (_unclaimed.Count > 0 && _options.TimeProvider.GetElapsedTime(_unclaimed[0].At) >= _options.UnclaimedMessageTimeout)
            {
                (old ??= []).Add(_unclaimed[0].Message);
                _unclaimed.RemoveAt(0);
                Interlocked.Increment(ref _counters.MessagesDropped);
            }
        }

        if (old is null) return;

        Log.Unclaimed(_logger, old.Count, old[0].Topic);
        foreach (var message in old) message.Delivery!.Complete(ReasonCode.Success);
    }

    /// <summary>A new connection: what was not acknowledged comes again. Under the gate.</summary>
    public void Resume() => _unclaimed.RemoveAll(held => held.Message.Qos == Qos.AtLeastOnce);

    private DecodeError? Hold(in PublishPacket packet, Link link, TopicRoute route, Subscription[] targets)
    {
        Delivery? delivery;
        lock (_gate)
        {
            // At QoS 1 most of them need nothing to be remembered where they are acknowledged on receipt.
            if (packet.Qos == Qos.AtLeastOnce && targets is [{ HoldsMessages: false }] && _acknowledger.TryAcknowledgeAtOnce(packet.PacketId, link))
            {
                delivery = null;
            }
            else
            {
                delivery = packet.Qos == Qos.AtLeastOnce ? _acknowledger.BeginQos1(packet.PacketId, link) : _acknowledger.BeginQos2(packet.PacketId, link);
                if (delivery is null) return null;
                if (link.IsV5 && _acknowledger.Unacknowledged > _options.ReceiveMaximum)
                {
                    return new DecodeError(ReasonCode.ReceiveMaximumExceeded, "3.3.4 Receive Maximum", 0, "PUBLISH", $"goes beyond the Receive Maximum of {_options.ReceiveMaximum}");
                }
            }
        }

        Deliver(packet, route, targets, delivery);
        return null;
    }

    private void Deliver(in PublishPacket packet, TopicRoute route, Subscription[] targets, Delivery? delivery)
    {
        if (targets.Length == 0)
        {
            LeaveUnclaimed(packet, route, delivery);
            return;
        }

        var payload = packet.Payload.ToArray();
        var properties = MessageProperties.Read(packet.Properties);
        var shares = delivery is not null && targets.Length > 1 ? DeliveryShare.Split(delivery, targets.Length) : null;
        for (var i = 0; i < targets.Length; i++)
        {
            var message = Make(packet, route.Topic, payload, properties, shares?[i] ?? delivery);
            Add(targets[i], message);
            if (targets[i].Options.Overflow == OverflowPolicy.Wait && !_full.Contains(targets[i])) _full.Add(targets[i]);
        }
    }

    private void Add(Subscription target, MqttMessage message)
    {
        var isHeld = target.HoldsMessages && message.Delivery is not null;
        if (target.Buffer.Add(message, isHeld)) CountDropped(target);
        if (!isHeld) message.Delivery?.Complete(ReasonCode.Success);
    }

    private static MqttMessage Make(in PublishPacket packet, string topic, byte[] payload, MessageProperties? properties, Delivery? delivery) => new(topic, payload)
    {
        Qos = packet.Qos,
        Retain = packet.Retain,
        Dup = packet.Dup,
        PropertiesOrNull = properties,
        Delivery = delivery,
    };

    private void CountDropped(Subscription target)
    {
        Interlocked.Increment(ref _counters.MessagesDropped);
        if (target.Dropped == 1) Log.BufferFull(_logger, target.Filter, target.Options.BufferMessages, target.Options.Overflow);
    }

    // The session may be an earlier run's, whose subscriptions this one has yet to make: what would be lost waits for them.
    private void LeaveUnclaimed(in PublishPacket packet, TopicRoute route, Delivery? delivery)
    {
        if (delivery is null)
        {
            Interlocked.Increment(ref _counters.MessagesDropped);
            return;
        }

        var message = Make(packet, route.Topic, packet.Payload.ToArray(), MessageProperties.Read(packet.Properties), delivery);
        lock (_gate)
        {
            if (!_routes.IsStale)
            {
                _unclaimed.Add((message, _options.TimeProvider.GetTimestamp()));
                return;
            }
        }

        // Somebody has subscribed meanwhile, and may not have seen it.
        var again = _routes.Find(System.Text.Encoding.UTF8.GetBytes(route.Topic));
        Deliver(packet, again, TopicRoutes.Choose(again, packet.Properties), delivery);
    }

    private void Claim(Subscription subscription)
    {
        List<MqttMessage>? claimed = null;
        lock (_gate)
        {
            if (_unclaimed.Count == 0) return;

            var filter = new FilterEntry(subscription.Filter, 0);
            foreach (var held in _unclaimed.Where(held => filter.Matches(System.Text.Encoding.UTF8.GetBytes(held.Message.Topic)))) (claimed ??= []).Add(held.Message);
            if (claimed is not null) _unclaimed.RemoveAll(held => claimed.Contains(held.Message));
        }

        foreach (var message in claimed ?? []) Add(subscription, message);
    }
}
