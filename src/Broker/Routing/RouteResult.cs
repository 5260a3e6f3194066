namespace Avocet.Broker.Routing;

/// <summary>What became of a message.</summary>
/// <param name="Matched">Sessions whose subscriptions matched.</param>
/// <param name="Refused">Those of them that dropped it because their queue was full.</param>
internal readonly record struct RouteResult(int Matched, int Refused);
