using Avocet.Broker.Retained;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Sessions;

/// <summary>The retained messages that a session still has to be sent because of a SUBSCRIBE.</summary>
/// <param name="Cursor">How far the search has come.</param>
/// <param name="Subscription">The subscription they are for.</param>
internal sealed record RetainedReplay(RetainedCursor Cursor, Subscription Subscription);
