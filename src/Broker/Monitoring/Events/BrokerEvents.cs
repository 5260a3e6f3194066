namespace Avocet.Broker.Monitoring.Events;

/// <summary>The latest decisions of a broker: connections that were refused, messages that were dropped, and why. Bounded, and on by default.</summary>
public sealed class BrokerEvents
{
    private readonly EventLog _log;

    internal BrokerEvents(EventLog log) => _log = log;

    /// <summary>The number of the latest event; 0 before the first.</summary>
    public long Last => _log.Last;

    /// <summary>The events behind a number, the oldest first; of more than <paramref name="max"/> the latest.</summary>
    /// <param name="after">0 for all that are kept.</param>
    /// <param name="max">How many at most.</param>
    /// <param name="isMeant">Which; null for all.</param>
    public IReadOnlyList<BrokerEvent> Read(long after = 0, int max = int.MaxValue, Func<BrokerEvent, bool>? isMeant = null) => _log.Read(after, max, isMeant);

    /// <summary>Completes once there is an event behind a number.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WhenAfterAsync(long number, CancellationToken cancellationToken) => _log.WhenAfterAsync(number, cancellationToken);
}
