using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.Simulation.Model;
using Avocet.Simulation.Network;
using Avocet.TestKit;
using Avocet.TestKit.Packets;

namespace Avocet.Simulation.Clients;

/// <summary>One connection of a client: reads what comes, answers it as MQTT wants, and checks what can be checked without knowing other clients.</summary>
internal sealed class ClientLink(SimulatedWorld world, int client, ClientState state, ProtocolVersion version, Link link, Wire wire, int receiveMaximum)
{
    private readonly List<byte> _inbox = [];
    private readonly Queue<PacketBuilder> _owed = new();
    private readonly Queue<ushort> _pubacksDue = new();
    private readonly Queue<ushort> _pubrecsDue = new();
    private readonly HashSet<ushort> _unacknowledged = [];
    private readonly Dictionary<string, ushort> _sentAliases = [];
    private readonly Dictionary<ushort, string> _receivedAliases = [];
    private Request? _request;

    public Link Link => link;

    public Wire Wire => wire;

    public SessionLife? Life { get; private set; }

    public bool IsAccepted => Life is not null;

    public bool HasEnded { get; private set; }

    public bool HasOwed => _owed.Count > 0;

    public bool HasRequest => _request is not null;

    public long LastSentAt { get; private set; } = world.Now;

    public int KeepAliveSeconds { get; init; }

    /// <summary>The Topic Aliases that the broker may set on this connection.</summary>
    public int TopicAliasMaximum { get; init; }

    /// <summary>Whether answers wait until the client gets to them.</summary>
    public bool IsSlow { get; init; }

    /// <summary>The packets that the client has read, in a word each; for tests that follow a script.</summary>
    public List<string> Received { get; } = [];

    /// <summary>The messages that came with RETAIN 1, by topic.</summary>
    public Dictionary<string, int> Retained { get; } = [];

    public void Send(PacketBuilder packet, string text, int message = 0)
    {
        LastSentAt = world.Now;
        wire.Send(packet.Encode(version));
        world.Note(client, message, $"-> {text}");
    }

    public void SendOwed(int count)
    {
        for (; count > 0 && _owed.TryDequeue(out var packet); count--)
        {
            var view = PacketView.Of(packet.Encode(version), version);
            if (view.Type is PacketType.Puback or PacketType.Pubcomp) _unacknowledged.Remove(view.PacketId);

            Send(packet, $"{view.Type} {view.PacketId}");
        }
    }

    public void Publish(Message message)
    {
        if (message.Qos == Qos.AtMostOnce)
        {
            Send(WithAlias(ClientState.PublishOf(message), message.Topic), Describe(message), message.Number);
            return;
        }

        Transmit(state.Begin(message), isDuplicate: false);
    }

    public void Subscribe(SubscriptionSpan span, PacketBuilder packet, ushort packetId)
    {
        world.Model.Subscribing(Life!, span);
        _request = new Request(packetId, span.Filter, span);
        Send(packet, $"SUBSCRIBE {packetId} {span.Filter} QoS {(int)span.Qos}{(span.NoLocal ? " noLocal" : "")}{(span.RetainAsPublished ? " asPublished" : "")}{(span.SendsRetained ? "" : " noRetained")}");
    }

    public void Unsubscribe(string filter, ushort packetId)
    {
        world.Model.Unsubscribing(Life!, filter);
        _request = new Request(packetId, filter, null);
        Send(Given.Unsubscribe(packetId).Filter(filter), $"UNSUBSCRIBE {packetId} {filter}");
    }

    /// <summary>Reads bytes that came; whole packets are handled.</summary>
    public void Read(int count)
    {
        if (HasEnded) return;

        var bytes = wire.Read(count);
        if (bytes is null)
        {
            world.Note(client, 0, $"<- end of connection {link.Number}");
            End();
            return;
        }

        _inbox.AddRange(bytes);
        while (!HasEnded && TryTakePacket(out var packet)) Handle(packet);
    }

    /// <summary>The client knows nothing of this connection any more.</summary>
    public void End()
    {
        if (HasEnded) return;

        HasEnded = true;
        world.Model.Cut(link);
        wire.Close(isReset: false);
    }

    /// <summary>The client turns away without closing: what is under way may still arrive.</summary>
    public void Forsake() => HasEnded = true;

    private bool TryTakePacket(out byte[] packet)
    {
        packet = [];
        var bytes = _inbox.ToArray();
        if (FixedHeader.TryRead(bytes, out var header) != DecodeStatus.Done || bytes.Length < header.PacketSize) return false;

        packet = bytes[..header.PacketSize];
        _inbox.RemoveRange(0, header.PacketSize);
        return true;
    }

    private void Handle(byte[] bytes)
    {
        var packet = PacketView.Of(bytes, version);
        if (packet.Error is { } error) throw Violation("wire", $"got bytes that are no packet: {error}: {Convert.ToHexString(bytes)}");
        if (!IsAccepted && packet.Type != PacketType.Connack) throw Violation("wire", $"got {packet.Type} before CONNACK. [MQTT-3.2.0-1]");

        Received.Add($"{packet.Type} {packet.PacketId}");
        switch (packet.Type)
        {
            case PacketType.Connack:
                HandleConnack(packet);
                break;

            case PacketType.Publish:
                HandlePublish(packet);
                break;

            case PacketType.Puback or PacketType.Pubrec:
                HandleAcknowledgement(packet);
                break;

            case PacketType.Pubcomp:
                Note(packet, "");
                if (state.Find(packet.PacketId, Qos.ExactlyOnce) is { IsReleased: true } done) state.End(done);
                break;

            case PacketType.Pubrel:
                Note(packet, "");
                state.Release(packet.PacketId);
                Owe(Given.Pubcomp(packet.PacketId));
                break;

            case PacketType.Suback or PacketType.Unsuback:
                HandleAnswer(packet);
                break;

            case PacketType.Disconnect:
                Note(packet, packet.Reason.Describe());
                var isRight = packet.Reason is ReasonCode.KeepAliveTimeout or ReasonCode.SessionTakenOver || (packet.Reason == ReasonCode.ServerShuttingDown && world.StopsBegun > 0);
                if (!isRight && !world.Model.DiskHasFailed) throw Violation("wire", $"got DISCONNECT {packet.Reason.Describe()}");
                End();
                break;

            case PacketType.Pingresp:
                break;

            default:
                throw Violation("wire", $"got {packet.Type}");
        }
    }

    private void HandleConnack(PacketView packet)
    {
        if (IsAccepted) throw Violation("wire", "got a second CONNACK");

        Note(packet, $"{packet.Reason.Describe()}{(packet.SessionPresent ? " session present" : "")}");
        if (packet.Reason != ReasonCode.Success)
        {
            // Refused for now: the disk is too slow or full, or the former connection has not ended.
            if (!world.Model.DiskHasFailed && packet.Reason is not (ReasonCode.ServerBusy or ReasonCode.ServerUnavailable or (ReasonCode)3)) throw Violation("wire", $"was refused: {packet.Reason.Describe()}");

            End();
            return;
        }

        Life = world.Model.Accepted(link, packet.SessionPresent);
        if (!packet.SessionPresent) state.Discard(BrokerModel.Abandoned);

        // In their original order, all of them. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
        foreach (var exchange in state.Outbound.ToList()) Transmit(exchange, isDuplicate: true);
    }

    private void Transmit(Exchange exchange, bool isDuplicate)
    {
        var message = exchange.Message;
        if (!exchange.IsReleased) (message.Qos == Qos.AtLeastOnce ? _pubacksDue : _pubrecsDue).Enqueue(exchange.PacketId);
        if (isDuplicate && !exchange.IsReleased) world.Model.SentAgain(message, link);

        var text = exchange.IsReleased ? $"PUBREL {exchange.PacketId} again" : $"{Describe(message)} id {exchange.PacketId}{(isDuplicate ? " DUP" : "")}";
        var packet = ClientState.PacketOf(exchange, isDuplicate);
        Send(packet is PublishBuilder publish ? WithAlias(publish, message.Topic) : packet, text, message.Number);
    }

    private void HandlePublish(PacketView packet)
    {
        var number = packet.Payload.Length == 0 ? 0 : ClientState.NumberOf(packet.PayloadText);
        var topicName = ResolveAlias(packet);
        var delivery = new Delivery(packet.Qos, packet.Dup, packet.Retain, topicName);
        world.Note(client, number, $"<- PUBLISH {topicName} m{number} {delivery} id {packet.PacketId}");
        if (packet.Retain) Retained[topicName] = number;
        if (number != 0 && world.Model.Messages.ContainsKey(number) && packet.PayloadText != ClientState.PayloadOf(number)) throw Violation("content", $"got m{number} with another payload");
        if (packet.Qos != Qos.AtMostOnce)
        {
            if (!_unacknowledged.Add(packet.PacketId)) throw Violation("wire", $"got packet identifier {packet.PacketId} while it is in use. [MQTT-2.2.1-4]");
            if (_unacknowledged.Count > receiveMaximum) throw Violation("limit", $"got more than its Receive Maximum of {receiveMaximum} messages. [MQTT-3.3.4-9]");
        }

        var isNew = packet.Qos != Qos.ExactlyOnce || state.TryReceive(packet.PacketId);
        if (isNew && number == 0) world.Model.DeliveredClear(Life!, topicName);
        else if (isNew) world.Model.Delivered(Life!, number, delivery, link.SentAt);

        if (packet.Qos == Qos.AtLeastOnce) Owe(Given.Puback(packet.PacketId));
        if (packet.Qos == Qos.ExactlyOnce) Owe(Given.Pubrec(packet.PacketId));
    }

    /// <summary>The topic of a PUBLISH, which an alias may stand for. [MQTT-3.3.2-8] and following.</summary>
    private string ResolveAlias(PacketView packet)
    {
        if (packet.Integer(PropertyId.TopicAlias) is not { } alias) return packet.TopicName;
        if (alias == 0 || alias > TopicAliasMaximum) throw Violation("limit", $"got Topic Alias {alias}; it takes {TopicAliasMaximum}. [MQTT-3.1.2-26]");
        if (packet.TopicName.Length > 0) return _receivedAliases[(ushort)alias] = packet.TopicName;

        return _receivedAliases.GetValueOrDefault((ushort)alias) ?? throw Violation("wire", $"got Topic Alias {alias}, which was not set on this connection");
    }

    /// <summary>The PUBLISH with the alias of its topic, as long as there are aliases; another topic takes over the last one.</summary>
    private PublishBuilder WithAlias(PublishBuilder publish, string topicName)
    {
        var aliasMax = version == ProtocolVersion.V50 ? world.Plan.TopicAliases : 0;
        if (aliasMax == 0) return publish;

        if (_sentAliases.TryGetValue(topicName, out var alias)) return publish.WithoutTopic().TopicAlias(alias);

        alias = (ushort)Math.Min(aliasMax, _sentAliases.Count + 1);
        foreach (var former in _sentAliases.Where(former => former.Value == alias).ToList()) _sentAliases.Remove(former.Key);

        _sentAliases[topicName] = alias;
        return publish.TopicAlias(alias);
    }

    private void HandleAcknowledgement(PacketView packet)
    {
        var qos = packet.Type == PacketType.Puback ? Qos.AtLeastOnce : Qos.ExactlyOnce;
        var exchange = state.Find(packet.PacketId, qos);
        world.Note(client, exchange?.Message.Number ?? 0, $"<- {packet.Type} {packet.PacketId}{(packet.Reason == ReasonCode.Success ? "" : $" {packet.Reason.Describe()}")}");
        if (exchange is null) throw Violation("wire", $"got {packet.Type} {packet.PacketId} for no message of its own");

        CheckAcknowledgementOrder(packet, qos == Qos.AtLeastOnce ? _pubacksDue : _pubrecsDue);
        if (packet.Reason.IsError())
        {
            if (!world.MayRefuse) throw Violation("refused", $"got {packet.Type} {packet.Reason.Describe()} although nothing was wrong");

            // After an earlier PUBREC without error the message is with the broker all the same.
            if (exchange.Message.Outcome == Outcome.Open) world.Model.Decided(exchange.Message, exchange.Message.Transmissions > 1 || link.HasOpenRefusals ? Outcome.Abandoned : Outcome.Refused);
            state.End(exchange);
            return;
        }

        if (exchange.Message.Outcome == Outcome.Open) world.Model.Decided(exchange.Message, Outcome.Acknowledged);
        if (qos == Qos.AtLeastOnce)
        {
            state.End(exchange);
            return;
        }

        exchange.IsReleased = true;
        Owe(Given.Pubrel(packet.PacketId));
    }

    private void CheckAcknowledgementOrder(PacketView packet, Queue<ushort> due)
    {
        // 3.x has no way to refuse: what the disk did not take stays unanswered.
        while (world.Model.DiskHasFailed && version != ProtocolVersion.V50 && due.TryPeek(out var unanswered) && unanswered != packet.PacketId) due.Dequeue();

        if (due.TryDequeue(out var first) && first == packet.PacketId) return;

        throw Violation("order", $"got {packet.Type} {packet.PacketId} before that of {first}. [MQTT-4.6.0-2] [MQTT-4.6.0-3]");
    }

    private void HandleAnswer(PacketView packet)
    {
        Note(packet, packet.Fields[^1].Value);
        if (_request is not { } request || request.PacketId != packet.PacketId || (packet.Type == PacketType.Suback) != (request.Span is not null))
        {
            throw Violation("wire", $"got {packet.Type} {packet.PacketId} without a request");
        }

        _request = null;
        var code = packet.Fields[^1].Value is { Length: > 0 } codes ? Convert.ToByte(codes[..2], 16) : (byte)0;
        if (code >= 0x80 && !world.Model.DiskHasFailed) throw Violation("wire", $"got {packet.Type} with 0x{code:X2}");

        if (request.Span is { } span) world.Model.Subscribed(Life!, link, span, code < 0x80);
        else world.Model.Unsubscribed(Life!, request.Filter, code < 0x80);
    }

    private void Owe(PacketBuilder packet)
    {
        _owed.Enqueue(packet);
        if (!IsSlow) SendOwed(int.MaxValue);
    }

    private void Note(PacketView packet, string text) =>
        world.Note(client, 0, $"<- {packet.Type}{(packet.PacketId == 0 ? "" : $" {packet.PacketId}")}{(text.Length == 0 ? "" : $" {text}")}");

    private static string Describe(Message message)
    {
        var flags = $"{(message.Retain ? " RETAIN" : "")}{(message.IsClear ? " clear" : "")}{(message.ExpirySeconds is { } seconds ? $" expires {seconds} s" : "")}";
        return $"PUBLISH {message.Topic} {message} QoS {(int)message.Qos}{flags}";
    }

    private ViolationException Violation(string rule, string problem) => new(rule, $"c{client} {problem}.", [client]);

    /// <summary>A SUBSCRIBE or, without span, an UNSUBSCRIBE that waits for its answer.</summary>
    private sealed record Request(ushort PacketId, string Filter, SubscriptionSpan? Span);
}
