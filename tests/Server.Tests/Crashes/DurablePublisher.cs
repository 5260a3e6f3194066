using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Crashes;

/// <summary>One message of a publisher. The payload says which.</summary>
internal sealed record SentMessage(string Topic, long Number, Qos Qos, bool Retain)
{
    public string Payload => $"{Topic} {Number}";
}

/// <summary>
/// A client that publishes at QoS 1 and 2 with several messages in flight, remembers what was acknowledged, and completes what was not when it comes back,
/// as a client with a lasting session has to. [MQTT-4.4.0-1]
/// </summary>
internal sealed class DurablePublisher(int index, Random random)
{
    private const int Window = 16;

    private readonly ClientBuilder _client = index % 2 == 0 ? Given.Client($"publisher-{index}").Persistent() : Given.Client($"publisher-{index}").V311().Clean(false);
    private readonly List<Inflight> _inflight = [];
    private readonly Dictionary<string, long> _numbers = [];
    private ushort _lastId;
    private bool _wasConnected;

    /// <summary>Everything sent since the last <see cref="Forget"/>, in order.</summary>
    public List<SentMessage> Sent { get; } = [];

    /// <summary>Of these PUBACK or PUBCOMP has come.</summary>
    public HashSet<SentMessage> Acknowledged { get; } = [];

    /// <summary>The number of the last retained message to each topic that was acknowledged, and the last one sent.</summary>
    public Dictionary<string, (long Acknowledged, long Sent)> Retained { get; } = [];

    /// <summary>Publishes until the connection ends; each acknowledgement is told of.</summary>
    public async Task PublishUntilEndAsync(int port, Action acknowledged)
    {
        await using var connection = await RawConnection.TryOpenAsync(port, _client);
        if (connection is null) return;

        CheckSession(connection);
        while (true)
        {
            while (_inflight.Count < Window)
            {
                if (!await connection.TrySendAsync(Next())) break;
            }

            if (await connection.TryReadAsync() is not { } packet) return;
            if (Take(packet) is { } answer) await connection.TrySendAsync(answer);
            if (packet.Type is PacketType.Puback or PacketType.Pubcomp) acknowledged();
        }
    }

    /// <summary>Completes everything that was not acknowledged when the connection ended.</summary>
    public async Task CompleteAsync(int port)
    {
        await using var connection = await RawConnection.OpenAsync(port, _client);
        CheckSession(connection);
        foreach (var item in _inflight)
        {
            PacketBuilder packet = item.IsReceived ? Given.Pubrel(item.PacketId) : Packet(item).AsDuplicate();
            Assert.True(await connection.TrySendAsync(packet));
        }

        while (_inflight.Count > 0)
        {
            var packet = await connection.TryReadAsync();
            Assert.NotNull(packet);
            if (Take(packet) is { } answer) Assert.True(await connection.TrySendAsync(answer));
        }

        Assert.True(await connection.TrySendAsync(Given.Disconnect()));
    }

    /// <summary>What was sent so far has been compared.</summary>
    public void Forget()
    {
        Sent.Clear();
        Acknowledged.Clear();
    }

    /// <summary>A session that was let in once is there after every crash.</summary>
    private void CheckSession(RawConnection connection)
    {
        if (_wasConnected) Assert.True(connection.Connack.SessionPresent, $"The session of publisher {index} is gone.");

        _wasConnected = true;
    }

    private PublishBuilder Next()
    {
        var isRetained = random.Next(8) == 0;
        var place = random.Next(3);
        var topic = isRetained ? $"keep/{index}/{place}" : $"kill/{index}/{place}";
        var number = _numbers[topic] = _numbers.GetValueOrDefault(topic) + 1;

        // A retained topic has one QoS: else a message sent again at QoS 1 would rightly replace a later one at QoS 2, which is not routed again.
        var isOnce = isRetained ? place == 0 : random.Next(2) == 0;
        var message = new SentMessage(topic, number, isOnce ? Qos.AtLeastOnce : Qos.ExactlyOnce, isRetained);
        do _lastId = (ushort)(_lastId == ushort.MaxValue ? 1 : _lastId + 1);
        while (_inflight.Exists(other => other.PacketId == _lastId));

        var item = new Inflight(message, _lastId);
        _inflight.Add(item);
        Sent.Add(message);
        if (isRetained) Retained[topic] = (Retained.GetValueOrDefault(topic).Acknowledged, number);
        return Packet(item);
    }

    private static PublishBuilder Packet(Inflight item) =>
        Given.Publish(item.Message.Topic).Payload(item.Message.Payload).WithQos(item.Message.Qos, item.PacketId).Retain(item.Message.Retain);

    private AcknowledgementBuilder? Take(PacketView packet)
    {
        Assert.True(packet.Type is PacketType.Puback or PacketType.Pubrec or PacketType.Pubcomp, packet.ToString());
        Assert.False(packet.Reason.IsError() && packet.Type != PacketType.Pubcomp, packet.ToString());
        var item = _inflight.Find(candidate => candidate.PacketId == packet.PacketId);
        Assert.True(item is not null, $"Nothing is in flight with this identifier: {packet}");
        Assert.Equal(item.Message.Qos == Qos.AtLeastOnce, packet.Type == PacketType.Puback);
        if (packet.Type == PacketType.Pubrec)
        {
            item.IsReceived = true;
            return Given.Pubrel(packet.PacketId);
        }

        _inflight.Remove(item);
        Acknowledged.Add(item.Message);
        if (item.Message.Retain)
        {
            var (acknowledged, sent) = Retained[item.Message.Topic];
            Retained[item.Message.Topic] = (Math.Max(acknowledged, item.Message.Number), sent);
        }

        return null;
    }

    private sealed class Inflight(SentMessage message, ushort packetId)
    {
        public SentMessage Message { get; } = message;

        public ushort PacketId { get; } = packetId;

        /// <summary>PUBREC has come.</summary>
        public bool IsReceived { get; set; }
    }
}
