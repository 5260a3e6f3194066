using Avocet.Cli.Net;
using Avocet.Protocol;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Conformance;

/// <summary>
/// A client of a check, which says exactly what it is told. What comes is kept in order until somebody asks for it; every wait ends with the time limit
/// of the run.
/// </summary>
internal sealed class RawPeer(BrokerStream connection, CheckContext context, string name) : IAsyncDisposable
{
    private const int PacketSizeMax = 1024 * 1024;

    private readonly List<RawPacket> _inbox = [];
    private byte[] _buffer = new byte[4096];
    private int _end;
    private ushort _lastId;
    private bool _isClosed;

    public BrokerStream Connection => connection;

    public ProtocolVersion Version => context.Version;

    /// <summary>Of its CONNECT.</summary>
    public required string ClientId { get; init; }

    /// <summary>Why the broker took it, once it has.</summary>
    public RawPacket? Connack { get; set; }

    /// <summary>Time limits to wait for what a broker does when it gets round to it, such as looking at keep alive.</summary>
    public int Patience { get; init; } = 1;

    public ushort NextId() => ++_lastId;

    public async Task SendAsync(params byte[] bytes)
    {
        try
        {
            await connection.Stream.WriteAsync(bytes, context.CancellationToken);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // That the broker has gone shows when its answer is read.
            _isClosed = true;
        }
    }

    /// <summary>Subscribes, and gives the codes of SUBACK.</summary>
    public Task<byte[]> SubscribeAsync(params (string Filter, int Options)[] filters) => SubscribeWithAsync(null, filters);

    public async Task<byte[]> SubscribeWithAsync(Action<PropertyBuilder>? properties, params (string Filter, int Options)[] filters)
    {
        var block = new PropertyBuilder();
        properties?.Invoke(block);
        var id = NextId();
        await SendAsync(RawPackets.Subscribe(Version, id, block.Encoded, filters));
        var suback = await ExpectAsync(PacketType.Suback);
        var (ackId, codes) = (suback.SubscriptionAcknowledgement.PacketId, suback.SubscriptionAcknowledgement.ReasonCodes.ToArray());
        Check.That(ackId == id, $"SUBACK has the identifier {ackId} instead of {id}");
        Check.That(codes.Length == filters.Length, $"SUBACK has {codes.Length} codes for {filters.Length} filters");
        return codes;
    }

    /// <summary>Subscribes to one filter, which must be granted as asked for.</summary>
    public async Task SubscribeAsync(string filter, int options = 0)
    {
        var code = (await SubscribeAsync((filter, options)))[0];
        Check.That(code == (options & 3), $"a subscription of QoS {options & 3} got the code 0x{code:X2}");
    }

    public async Task<RawPacket> UnsubscribeAsync(params string[] filters)
    {
        var id = NextId();
        await SendAsync(RawPackets.Unsubscribe(Version, id, filters));
        var unsuback = await ExpectAsync(PacketType.Unsuback);
        Check.That(unsuback.SubscriptionAcknowledgement.PacketId == id, $"UNSUBACK has the identifier {unsuback.SubscriptionAcknowledgement.PacketId} instead of {id}");
        return unsuback;
    }

    /// <summary>Publishes, and ends the exchange of its QoS.</summary>
    public async Task PublishAsync(string topic, string payload, int qos = 0, bool retain = false, Action<PropertyBuilder>? properties = null)
    {
        var id = qos == 0 ? (ushort)0 : NextId();
        await SendAsync(RawPackets.Publish(Version, topic, payload, qos, id, retain, properties: properties));
        if (qos == 0)
        {
            // So that the broker has it before anybody else's next packet.
            await PingAsync();
            return;
        }

        await ExpectAcknowledgementAsync(qos == 1 ? PacketType.Puback : PacketType.Pubrec, id);
        if (qos < 2) return;

        await SendAsync(RawPackets.Acknowledgement(PacketType.Pubrel, id));
        await ExpectAcknowledgementAsync(PacketType.Pubcomp, id);
    }

    public async Task PingAsync()
    {
        await SendAsync(RawPackets.Pingreq);
        await ExpectAsync(PacketType.Pingresp);
    }

    public async Task<RawPacket> ExpectAcknowledgementAsync(PacketType type, ushort id)
    {
        var packet = await ExpectAsync(type);
        var (packetId, reason) = (packet.Acknowledgement.PacketId, packet.Acknowledgement.Reason);
        Check.That(packetId == id, $"{RawPacket.Name(type)} has the identifier {packetId} instead of {id}");
        Check.That(!reason.IsError(), $"{RawPacket.Name(type)} refuses: {reason.Describe()}");
        return packet;
    }

    /// <summary>The next PUBLISH of this check's topics, whose exchange is ended.</summary>
    public async Task<RawPacket> ExpectPublishAsync(string? topic = null, string? payload = null)
    {
        var packet = await ExpectUnacknowledgedAsync(topic, payload);
        await AcknowledgeAsync(packet);
        return packet;
    }

    /// <summary>The next PUBLISH of this check's topics; at QoS 1 and 2 the broker goes on waiting.</summary>
    public async Task<RawPacket> ExpectUnacknowledgedAsync(string? topic = null, string? payload = null)
    {
        var packet = await ExpectAsync(IsOurs, topic is null ? "a PUBLISH" : $"a PUBLISH of {topic}");
        if (topic is not null) Check.That(packet.Topic == topic, $"a PUBLISH of {packet.Topic} came to {name} instead of {topic}");
        if (payload is not null) Check.That(packet.Text == payload, $"the payload '{Shorten(packet.Text)}' came to {name} instead of '{Shorten(payload)}'");
        return packet;
    }

    public async Task AcknowledgeAsync(RawPacket publish)
    {
        var (id, qos) = (publish.Publish.PacketId, publish.Publish.Qos);
        if (qos == Qos.AtLeastOnce) await SendAsync(RawPackets.Acknowledgement(PacketType.Puback, id));
        if (qos != Qos.ExactlyOnce) return;

        await SendAsync(RawPackets.Acknowledgement(PacketType.Pubrec, id));
        await ExpectAcknowledgementAsync(PacketType.Pubrel, id);
        await SendAsync(RawPackets.Acknowledgement(PacketType.Pubcomp, id));
    }

    /// <summary>Nothing of this check's topics is here, nor comes within a moment after everything sent was handled.</summary>
    public async Task ExpectNothingAsync(string problem)
    {
        await PingAsync();
        await FillAsync(context.Settle);
        if (_inbox.Find(IsOurs) is { } found) throw new CheckFailedException($"{problem}: {found} with '{Shorten(found.Text)}' came to {name}");
    }

    public Task<RawPacket> ExpectAsync(PacketType type) => ExpectAsync(packet => packet.Type == type, RawPacket.Name(type));

    private async Task<RawPacket> ExpectAsync(Predicate<RawPacket> wanted, string what)
    {
        using var limit = context.Limit(Patience);
        while (true)
        {
            var index = _inbox.FindIndex(wanted);
            if (index >= 0)
            {
                var found = _inbox[index];
                _inbox.RemoveAt(index);
                return found;
            }

            if (_isClosed) throw new CheckFailedException($"the broker closed the connection{Last()}; {what} was due to {name}");
            if (!await TryReadAsync(limit.Token)) throw new CheckFailedException($"{what} did not come to {name} within {Patience * context.TimeLimit.TotalSeconds:0.#} s");
        }
    }

    /// <summary>The broker closes the connection, and neither takes the client nor acknowledges before. Gives the last packet, if there was one.</summary>
    public async Task<RawPacket?> ExpectCloseAsync(string provocation)
    {
        using var limit = context.Limit(Patience);
        while (!_isClosed)
        {
            if (!await TryReadAsync(limit.Token)) throw new CheckFailedException($"the connection stayed open after {provocation}");
        }

        foreach (var packet in _inbox)
        {
            var isRefusal = packet.Type == PacketType.Disconnect || (packet.Type == PacketType.Connack && packet.ConnackCode != 0);
            if (!isRefusal && !IsForeign(packet)) throw new CheckFailedException($"{packet} came after {provocation}");
        }

        return _inbox.LastOrDefault();
    }

    /// <summary>As above, and in 5.0 a reason that is given must be one of these.</summary>
    public async Task ExpectCloseAsync(string provocation, params ReasonCode[] reasons)
    {
        if (await ExpectCloseAsync(provocation) is not { } packet || Version != ProtocolVersion.V50) return;

        var reason = packet.Type == PacketType.Connack ? (ReasonCode)packet.ConnackCode : packet.Disconnect.Reason;
        Check.That(reasons.Contains(reason), $"{packet} came after {provocation}; due was {string.Join(" or ", reasons.Select(due => due.Describe()))}");
    }

    /// <summary>Says DISCONNECT and waits for the end.</summary>
    public async Task DisconnectAsync()
    {
        await SendAsync(RawPackets.Disconnect);
        using var limit = context.Limit(Patience);
        while (!_isClosed && await TryReadAsync(limit.Token))
        {
        }

        await DisposeAsync();
    }

    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        return connection.DisposeAsync();
    }

    private bool IsOurs(RawPacket packet) => packet.Type == PacketType.Publish && !IsForeign(packet);

    // With a filter such as # come the messages of other checks and other clients, and with a topic alias no topic at all.
    private bool IsForeign(RawPacket packet)
    {
        if (packet.Type != PacketType.Publish) return false;

        var topic = packet.Topic;
        return topic.Length > 0 && !topic.Contains(context.Id, StringComparison.Ordinal);
    }

    private string Last() => _inbox.Count > 0 ? $" after {_inbox[^1]}" : "";

    /// <summary>Reads what comes for a while.</summary>
    private async Task FillAsync(TimeSpan time)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        limit.CancelAfter(time);
        while (!_isClosed && await TryReadAsync(limit.Token))
        {
        }
    }

    /// <summary>Reads once; false when the time is over. At the end of the stream the peer is closed.</summary>
    private async Task<bool> TryReadAsync(CancellationToken limit)
    {
        try
        {
            var count = await connection.Stream.ReadAsync(_buffer.AsMemory(_end), limit);
            _isClosed = count == 0;
            _end += count;
            TakePackets();
            return true;
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _isClosed = true;
            return true;
        }
    }

    private void TakePackets()
    {
        var start = 0;
        while (true)
        {
            var rest = _buffer.AsSpan(start, _end - start);
            var status = FixedHeader.TryRead(rest, out var header);
            if (status == DecodeStatus.Malformed) throw new CheckFailedException("the broker sent a packet with a malformed Remaining Length");
            if (status == DecodeStatus.NeedMoreData) break;
            if (header.PacketSize > PacketSizeMax) throw new CheckFailedException($"the broker sent a packet of {header.PacketSize} bytes");
            if (header.PacketSize > rest.Length)
            {
                if (header.PacketSize > _buffer.Length) Array.Resize(ref _buffer, header.PacketSize);
                break;
            }

            _inbox.Add(new RawPacket(header, rest.Slice(header.Size, header.RemainingLength).ToArray(), Version));
            start += header.PacketSize;
        }

        _buffer.AsSpan(start, _end - start).CopyTo(_buffer);
        _end -= start;
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
