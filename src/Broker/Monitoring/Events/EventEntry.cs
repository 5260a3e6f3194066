using Avocet.Broker.Connections;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Monitoring.Events;

/// <summary>
/// An event as it is kept. What happens with each connection is written out only where somebody reads it: thousands of clients that come at a time shall leave
/// nothing behind for the garbage collector.
/// </summary>
internal readonly struct EventEntry
{
    private readonly object _what;
    private readonly Ending? _ending;
    private readonly DateTimeOffset _time;
    private readonly BrokerEventKind _kind;
    private readonly ProtocolVersion _version;

    public EventEntry(BrokerEvent what, long number, DateTimeOffset time)
    {
        (_what, Number, _time) = (what, number, time);
    }

    /// <summary>What became of a client's connection.</summary>
    /// <param name="kind">What.</param>
    /// <param name="client">Who it is.</param>
    /// <param name="version">Its version of MQTT.</param>
    /// <param name="ending">How the connection ended; null where it began.</param>
    /// <param name="number">The number of the event.</param>
    /// <param name="time">When it was.</param>
    public EventEntry(BrokerEventKind kind, ClientIdentity client, ProtocolVersion version, Ending? ending, long number, DateTimeOffset time)
    {
        (_kind, _what, _version, _ending, Number, _time) = (kind, client, version, ending, number, time);
    }

    public long Number { get; }

    public BrokerEvent ToEvent()
    {
        if (_what is not ClientIdentity client) return (BrokerEvent)_what;

        return new BrokerEvent(_kind)
        {
            Number = Number,
            Time = _time,
            ClientId = client.ClientId,
            UserName = client.UserName,
            Origin = client.Origin,
            Reason = _ending?.Reason ?? ReasonCode.Success,
            Detail = _ending?.Summary ?? _version.Describe(),
        };
    }
}
