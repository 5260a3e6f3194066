namespace Avocet.Broker.Routing;

/// <summary>What became of a message.</summary>
/// <param name="Matched">Sessions whose subscriptions matched.</param>
/// <param name="Refused">Those of them that dropped it because their queue was full.</param>
/// <param name="MayMoveOn">Whether it is a QoS 2 message for a session that does not last but may leave it to others of a shared group, who may be durable.</param>
internal readonly record struct RouteResult(int Matched, int Refused, bool MayMoveOn);
