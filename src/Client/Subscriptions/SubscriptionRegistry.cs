using System.Buffers.Binary;
using System.Text;
using Avocet.Client.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Client.Subscriptions;

/// <summary>Who subscribes to what, what the broker knows of it, and what has to be told to it.</summary>
internal sealed class SubscriptionRegistry(Lock gate, ExchangeTable exchanges)
{
    private readonly Dictionary<string, FilterEntry> _entries = [];
    private readonly List<SubscriptionExchange> _requests = [];
    private Link? _link;
    private Exception? _end;
    private bool _hasUnsent;
    private int _lastId;
    private int _version = 1;

    /// <summary>Changes with the subscriptions.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Called after a subscription was added, not under the gate: messages may wait for it.</summary>
    public Action<Subscription>? OnAdded { get; set; }

    /// <summary>Subscribes, and completes with the broker's answer.</summary>
    public async Task<Subscription> AddAsync(string filter, SubscribeOptions options, CancellationToken cancellationToken)
    {
        CheckFilter(filter, options);
        var subscription = new Subscription(this, filter, options);
        SubscriptionExchange request;
        lock (gate)
        {
            ThrowIfEnded();
            CheckServer(filter);
            if (!_entries.TryGetValue(filter, out var entry)) _entries.Add(filter, entry = new FilterEntry(filter, NextId()));
            entry.Subscriptions.Add(subscription);
            entry.Merge(options);
            _version++;
            request = Request(filter, entry);
        }

        OnAdded?.Invoke(subscription);
        try
        {
            subscription.Reason = await request.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch (OperationCanceledException)
        {
            _ = EndAsync(subscription);
            throw;
        }
    }

    /// <summary>Ends a subscription; the last one of a filter also at the broker.</summary>
    public async Task EndAsync(Subscription subscription)
    {
        SubscriptionExchange? request = null;
        lock (gate)
        {
            if (_entries.TryGetValue(subscription.Filter, out var entry) && entry.Subscriptions.Remove(subscription))
            {
                _version++;
                if (entry.Subscriptions.Count == 0)
                {
                    _entries.Remove(subscription.Filter);
                    Forget(entry);
                    if (subscription.Options.UnsubscribesAtEnd && _end is null) request = Request(subscription.Filter, null);
                }
            }
        }

        subscription.End(null);
        if (!subscription.Options.UnsubscribesAtEnd) return;

        subscription.AcknowledgeRest();
        if (request is null) return;

        try
        {
            await request.Done.ConfigureAwait(false);
        }
        catch (MqttException)
        {
            // The subscription is over on this side; a broker that keeps it sends what is dropped and acknowledged here.
            return;
        }
    }

    /// <summary>Tells the broker to end a subscription, also one that an earlier run of the program made.</summary>
    public Task<ReasonCode> RemoveAsync(string filter, CancellationToken cancellationToken)
    {
        CheckFilter(filter, new SubscribeOptions());
        SubscriptionExchange request;
        List<Subscription> ended = [];
        lock (gate)
        {
            ThrowIfEnded();
            if (_entries.Remove(filter, out var entry))
            {
                ended.AddRange(entry.Subscriptions);
                Forget(entry);
                _version++;
            }

            request = Request(filter, null);
        }

        foreach (var subscription in ended)
        {
            subscription.End(null);
            subscription.AcknowledgeRest();
        }

        return request.Done.WaitAsync(cancellationToken);
    }

    /// <summary>The route of a topic that is not known yet.</summary>
    public TopicRoute Route(ReadOnlySpan<byte> topic, string text)
    {
        var entries = new List<FilterEntry>();
        lock (gate)
        {
            foreach (var entry in _entries.Values)
            {
                if (entry.Matches(topic)) entries.Add(entry);
            }

            return new TopicRoute(text, [.. entries], [.. entries.SelectMany(entry => entry.Subscriptions)]);
        }
    }

    /// <summary>Tells the new connection what it does not know. Under the gate.</summary>
    public void Resume(Link link, bool isSessionPresent)
    {
        _link = link;
        foreach (var request in _requests)
        {
            if (request.PacketId != 0) exchanges.Remove(request);
        }

        if (!isSessionPresent)
        {
            var requested = _requests.Select(request => request.Entry).ToHashSet();
            foreach (var entry in _entries.Values.Where(entry => !requested.Contains(entry))) _requests.Add(new SubscriptionExchange(entry.Filter, entry));
        }

        foreach (var request in _requests) Send(request);
        link.RequestFlush();
    }

    /// <summary>Under the gate.</summary>
    public void Suspend() => _link = null;

    /// <summary>A SUBACK or UNSUBACK; false when it answers nothing. Under the gate.</summary>
    public bool TryAcknowledge(in SubscriptionAcknowledgementPacket packet)
    {
        if (exchanges.Find(packet.PacketId) is not SubscriptionExchange request) return false;

        var isSubscribe = request.Entry is not null;
        if (isSubscribe != (packet.Type == PacketType.Suback) || packet.ReasonCodes.Length > 1) return false;

        exchanges.Remove(request);
        _requests.Remove(request);
        SendUnsent();
        var reason = packet.ReasonCodes.IsEmpty ? ReasonCode.Success : (ReasonCode)packet.ReasonCodes[0];
        if (!reason.IsError())
        {
            if (request.Entry is { } granted) Grant(granted, reason);
            request.Complete(reason);
            return true;
        }

        var words = MessageProperties.ReadString(packet.Properties, PropertyId.ReasonString);
        var failure = new MqttSubscribeException($"{(isSubscribe ? "Subscription to" : "End of the subscription to")} '{request.Filter}' refused by the broker: {reason.Describe()}{(words is null ? "" : $": {words}")}")
        {
            Reason = reason,
            ReasonString = words,
            UserProperties = MessageProperties.ReadUserProperties(packet.Properties),
        };
        if (request.Entry is { } refused) Refuse(refused, failure);
        request.Fail(failure);
        return true;
    }

    /// <summary>Ends all. Under the gate; returns what is to be ended outside of it.</summary>
    public IReadOnlyList<Subscription> End(Exception exception)
    {
        _end = exception;
        _link = null;
        foreach (var request in _requests) request.Fail(exception);
        _requests.Clear();
        var subscriptions = _entries.Values.SelectMany(entry => entry.Subscriptions).ToList();
        _entries.Clear();
        _version++;
        return subscriptions;
    }

    private static void CheckFilter(string filter, SubscribeOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(filter);
        var utf8 = Encoding.UTF8.GetBytes(filter);
        var isShared = SharedFilter.IsShared(utf8);
        if (isShared ? !SharedFilter.TryParse(utf8, out _) : !TopicFilter.IsValid(utf8))
        {
            throw new ArgumentException($"Topic Filter '{filter}' is not valid: '#' stands alone as the last level, '+' alone as a level, and shared filters are $share/name/filter.", nameof(filter));
        }

        if (isShared && options.NoLocal) throw new ArgumentException($"Topic Filter '{filter}' is shared; NoLocal cannot be set for it. [MQTT-3.8.3-4]", nameof(options));
        if (options.Qos > Qos.ExactlyOnce) throw new ArgumentException($"QoS {(int)options.Qos} is not 0, 1 or 2.", nameof(options));
    }

    private void CheckServer(string filter)
    {
        if (_link is not { } link) return;

        var problem = !link.Server.WildcardSubscriptionAvailable && filter.AsSpan().IndexOfAny('+', '#') >= 0 ? ReasonCode.WildcardSubscriptionsNotSupported
            : !link.Server.SharedSubscriptionAvailable && filter.StartsWith("$share/", StringComparison.Ordinal) ? ReasonCode.SharedSubscriptionsNotSupported
            : ReasonCode.Success;
        if (problem != ReasonCode.Success) throw new MqttSubscribeException($"Subscription to '{filter}' not sent: the broker said on connecting {problem.Describe()}.") { Reason = problem };
    }

    private void ThrowIfEnded()
    {
        if (_end is { } end) throw new MqttException(end.Message, end);
    }

    private int NextId() => _lastId = _lastId == Limits.SubscriptionIdMax ? 1 : _lastId + 1;

    private static void Grant(FilterEntry entry, ReasonCode reason)
    {
        foreach (var subscription in entry.Subscriptions) subscription.Reason = reason;
    }

    private void Refuse(FilterEntry entry, MqttSubscribeException failure)
    {
        if (_entries.GetValueOrDefault(entry.Filter) == entry) _entries.Remove(entry.Filter);
        _version++;
        foreach (var subscription in entry.Subscriptions) subscription.End(failure);
        entry.Subscriptions.Clear();
    }

    // A request that was not sent yet need not be; one that was will be answered.
    private void Forget(FilterEntry entry)
    {
        foreach (var request in _requests.Where(request => request.Entry == entry && request.PacketId == 0).ToList())
        {
            _requests.Remove(request);
            request.Complete(ReasonCode.Success);
        }
    }

    private SubscriptionExchange Request(string filter, FilterEntry? entry)
    {
        var request = new SubscriptionExchange(filter, entry);
        _requests.Add(request);
        if (_link is { } link)
        {
            Send(request);
            link.RequestFlush();
        }

        return request;
    }

    private void Send(SubscriptionExchange request)
    {
        if (!exchanges.TryAdd(request))
        {
            // All identifiers are in use; the next acknowledgement frees one.
            _hasUnsent = true;
            return;
        }

        if (request.Entry is { } entry) SendSubscribe(_link!, request.PacketId, entry);
        else SendUnsubscribe(_link!, request.PacketId, request.Filter);
    }

    private void SendUnsent()
    {
        if (!_hasUnsent) return;

        _hasUnsent = false;
        foreach (var request in _requests.Where(request => request.PacketId == 0)) Send(request);
    }

    private static void SendSubscribe(Link link, ushort packetId, FilterEntry entry)
    {
        var payload = new byte[entry.Utf8.Length + 3];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)entry.Utf8.Length);
        entry.Utf8.CopyTo(payload, 2);
        payload[^1] = link.IsV5 ? entry.Options.Encoded : (byte)entry.Options.MaximumQos;

        var properties = new PropertyBuilder();
        if (link.IsV5 && link.Server.SubscriptionIdentifiersAvailable) properties.Add(PropertyId.SubscriptionIdentifier, (uint)entry.Id);
        MessageProperties.Write(entry.UserProperties, properties);
        var packet = new SubscribePacket { PacketId = packetId, Properties = properties.Encoded, Payload = payload, Count = 1 };
        packet.Encode(link.Reserve(packet.GetEncodedSize(link.Version)), link.Version);
    }

    private static void SendUnsubscribe(Link link, ushort packetId, string filter)
    {
        var utf8 = Encoding.UTF8.GetBytes(filter);
        var payload = new byte[utf8.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)utf8.Length);
        utf8.CopyTo(payload, 2);
        var packet = new UnsubscribePacket { PacketId = packetId, Payload = payload, Count = 1 };
        packet.Encode(link.Reserve(packet.GetEncodedSize(link.Version)), link.Version);
    }
}
