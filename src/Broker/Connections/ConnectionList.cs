using System.Collections.Concurrent;

namespace Avocet.Broker.Connections;

/// <summary>All connections that run. They carry its links themselves, for there may be many that do nothing.</summary>
internal sealed class ConnectionList
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, int> _countsByListener = new();
    private Connection? _first;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Add(Connection connection)
    {
        lock (_gate)
        {
            connection.NextInList = _first;
            _first?.PreviousInList = connection;
            _first = connection;
            _count++;
        }
    }

    public void Remove(Connection connection)
    {
        _countsByListener.AddOrUpdate(connection.Origin.Listener.Name, 0, static (_, count) => count - 1);
        lock (_gate)
        {
            if (connection.PreviousInList is { } previous) previous.NextInList = connection.NextInList;
            else _first = connection.NextInList;

            connection.NextInList?.PreviousInList = connection.PreviousInList;
            connection.NextInList = connection.PreviousInList = null;
            _count--;
        }
    }

    /// <summary>Counts a connection of a listener until it is removed; returns how many there are.</summary>
    public int CountFor(string listener) => _countsByListener.AddOrUpdate(listener, 1, static (_, count) => count + 1);

    /// <summary>Those that run now, in the order in which they came, so that a simulated run is the same each time.</summary>
    public List<Connection> ToList()
    {
        var connections = new List<Connection>();
        lock (_gate)
        {
            for (var connection = _first; connection is not null; connection = connection.NextInList) connections.Add(connection);
        }

        connections.Reverse();
        return connections;
    }
}
