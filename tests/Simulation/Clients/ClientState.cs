using Avocet.Protocol;
using Avocet.Simulation.Model;
using Avocet.TestKit;
using Avocet.TestKit.Packets;

namespace Avocet.Simulation.Clients;

/// <summary>The Session State that a client keeps over its connections: what it sent and is not done with, and what it received at QoS 2.</summary>
internal sealed class ClientState
{
    private readonly List<Exchange> _outbound = [];
    private readonly HashSet<ushort> _received = [];
    private ushort _lastPacketId;

    public IReadOnlyList<Exchange> Outbound => _outbound;

    public Exchange Begin(Message message)
    {
        var exchange = new Exchange(NextPacketId(), message);
        _outbound.Add(exchange);
        return exchange;
    }

    public Exchange? Find(ushort packetId, Qos qos) => _outbound.Find(exchange => exchange.PacketId == packetId && exchange.Message.Qos == qos);

    public void End(Exchange exchange) => _outbound.Remove(exchange);

    /// <summary>False when the message came before, and its PUBREL has not.</summary>
    public bool TryReceive(ushort packetId) => _received.Add(packetId);

    public void Release(ushort packetId) => _received.Remove(packetId);

    /// <summary>The session is gone, and with it all that was under way.</summary>
    public void Discard(Action<Message> onAbandoned)
    {
        foreach (var exchange in _outbound) onAbandoned(exchange.Message);

        _outbound.Clear();
        _received.Clear();
    }

    public ushort NextPacketId()
    {
        // A small range, so that identifiers come again soon.
        do _lastPacketId = (ushort)((_lastPacketId % 40) + 1);
        while (_outbound.Exists(exchange => exchange.PacketId == _lastPacketId));

        return _lastPacketId;
    }

    /// <summary>The packet that stands for the exchange: PUBLISH or PUBREL.</summary>
    public static PacketBuilder PacketOf(Exchange exchange, bool isDuplicate)
    {
        if (exchange.IsReleased) return Given.Pubrel(exchange.PacketId);

        var publish = PublishOf(exchange.Message).WithQos(exchange.Message.Qos, exchange.PacketId);
        return isDuplicate ? publish.AsDuplicate() : publish;
    }

    public static PublishBuilder PublishOf(Message message)
    {
        var publish = Given.Publish(message.Topic).Retain(message.Retain);
        if (message.ExpirySeconds is { } seconds) publish = publish.MessageExpiry(seconds);

        return message.IsClear ? publish : publish.Payload(PayloadOf(message.Number));
    }

    /// <summary>The number of the message; some are longer than a network packet.</summary>
    public static string PayloadOf(int number) => number % 17 == 0 ? $"{number} {new string('.', (number * 7) % 700)}" : $"{number}";

    public static int NumberOf(string payload)
    {
        var end = payload.IndexOf(' ', StringComparison.Ordinal);
        return int.TryParse(end < 0 ? payload : payload.AsSpan(0, end), out var number) ? number : -1;
    }
}
