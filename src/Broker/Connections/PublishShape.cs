using Avocet.Protocol;

namespace Avocet.Broker.Connections;

/// <summary>What differs from receiver to receiver in the PUBLISH of one message.</summary>
/// <param name="Qos">The QoS of this delivery.</param>
/// <param name="Retain">RETAIN of this delivery.</param>
/// <param name="Dup">Whether it is sent again. [MQTT-3.3.1-1]</param>
/// <param name="PacketId">0 at QoS 0.</param>
/// <param name="SubscriptionIds">The Subscription Identifiers, or null.</param>
internal readonly record struct PublishShape(Qos Qos, bool Retain, bool Dup, ushort PacketId, uint[]? SubscriptionIds);

/// <summary>How an attempt to write a PUBLISH ended.</summary>
internal enum WriteResult
{
    Written,

    /// <summary>The socket does not drain, and too much waits for it already.</summary>
    NoRoom,

    /// <summary>The packet exceeds the client's Maximum Packet Size. [MQTT-3.1.2-24]</summary>
    TooLarge,

    /// <summary>The connection has ended.</summary>
    Closed,
}
