namespace Avocet.Client.Connections;

/// <summary>Something that was sent with a Packet Identifier, until its last acknowledgement.</summary>
internal abstract class Exchange
{
    /// <summary>0 while it has none.</summary>
    public ushort PacketId { get; set; }

    /// <summary>The order in which exchanges began, for sending again in that order. [MQTT-4.6.0-1]</summary>
    public long Sequence { get; set; }
}

/// <summary>The exchanges under way, by Packet Identifier. Used under the client's gate.</summary>
internal sealed class ExchangeTable
{
    /// <summary>All identifiers but some for subscriptions, so that those never wait for messages.</summary>
    public const int PublishesMax = ushort.MaxValue - 256;

    private readonly Dictionary<ushort, Exchange> _exchanges = [];
    private ushort _lastId;
    private long _lastSequence;

    public int Count => _exchanges.Count;

    public IEnumerable<Exchange> All => _exchanges.Values;

    /// <summary>Gives the exchange an identifier which is not 0 and not in use; false when all are. [MQTT-2.2.1-3]</summary>
    public bool TryAdd(Exchange exchange)
    {
        if (_exchanges.Count >= ushort.MaxValue) return false;

        do
        {
            _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
        }
        while (_exchanges.ContainsKey(_lastId));

        exchange.PacketId = _lastId;
        exchange.Sequence = ++_lastSequence;
        _exchanges.Add(_lastId, exchange);
        return true;
    }

    /// <summary>Puts back what an earlier run of the program had under way.</summary>
    public void Restore(Exchange exchange)
    {
        exchange.Sequence = ++_lastSequence;
        _exchanges.Add(exchange.PacketId, exchange);
    }

    public Exchange? Find(ushort packetId) => _exchanges.GetValueOrDefault(packetId);

    public void Remove(Exchange exchange)
    {
        _exchanges.Remove(exchange.PacketId);
        exchange.PacketId = 0;
    }
}
