namespace Avocet.Client;

/// <summary>A step from one state of the connection to the next.</summary>
/// <param name="State">The new state.</param>
/// <param name="Error">Why the connection or the attempt ended; null where nothing went wrong.</param>
/// <param name="Attempt">The attempts since the last stable connection.</param>
/// <param name="RetryIn">How long until the next attempt, in <see cref="ConnectionState.Waiting"/>.</param>
/// <param name="IsSessionResumed">Whether the broker still had the session, in <see cref="ConnectionState.Connected"/>.</param>
public sealed record ConnectionChange(ConnectionState State, Exception? Error = null, int Attempt = 0, TimeSpan RetryIn = default, bool IsSessionResumed = false);
