using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>What a client would do with a topic.</summary>
public enum AccessKind
{
    Publish,
    Subscribe,
    Receive,
}

/// <summary>Something that a client would do, for who asks why it may or may not.</summary>
/// <param name="Kind">What.</param>
/// <param name="Qos">The QoS of the message, or the one that is asked for.</param>
/// <param name="Retain">Whether the message is to be retained.</param>
public readonly record struct AccessWish(AccessKind Kind, Qos Qos = Qos.AtMostOnce, bool Retain = false);
