using Avocet.Client.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Connections;

/// <summary>Tells observers of each change of the connection, in order; a new one first gets the present state.</summary>
internal sealed class StateFeed(ILogger logger) : IObservable<ConnectionChange>
{
    private readonly Lock _gate = new();
    private readonly List<IObserver<ConnectionChange>> _observers = [];
    private volatile ConnectionChange _current = new(ConnectionState.Idle);

    public ConnectionChange Current => _current;

    public void Publish(ConnectionChange change)
    {
        IObserver<ConnectionChange>[] observers;
        lock (_gate)
        {
            _current = change;
            observers = [.. _observers];
        }

        foreach (var observer in observers) Tell(observer, change);
    }

    public IDisposable Subscribe(IObserver<ConnectionChange> observer)
    {
        ConnectionChange current;
        lock (_gate)
        {
            current = _current;
            if (current.State != ConnectionState.Closed) _observers.Add(observer);
        }

        Tell(observer, current);
        return new Unsubscription(this, observer);
    }

    private void Tell(IObserver<ConnectionChange> observer, ConnectionChange change)
    {
        try
        {
            observer.OnNext(change);
            if (change.State == ConnectionState.Closed) observer.OnCompleted();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.ObserverFailed(logger, exception);
        }
    }

    private sealed class Unsubscription(StateFeed feed, IObserver<ConnectionChange> observer) : IDisposable
    {
        public void Dispose()
        {
            lock (feed._gate) feed._observers.Remove(observer);
        }
    }
}
