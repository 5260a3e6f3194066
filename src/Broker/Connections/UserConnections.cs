using System.Collections.Concurrent;

namespace Avocet.Broker.Connections;

/// <summary>Counts the connections of each user, where there is a limit.</summary>
internal sealed class UserConnections(int connectionsMax)
{
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts a connection that is to be let in, until <see cref="Remove"/>. False when its user has as many as allowed.</summary>
    /// <param name="connection">The connection, which knows its client by now.</param>
    /// <param name="former">The connection that it takes over, or null: where that is the same user's, it makes room.</param>
    public bool TryAdd(Connection connection, Connection? former)
    {
        if (connectionsMax == 0 || connection.Identity?.UserName is not { } userName) return true;

        var count = _counts.AddOrUpdate(userName, 1, static (_, count) => count + 1);
        connection.CountedUser = userName;
        return count <= connectionsMax + (former?.CountedUser == userName ? 1 : 0);
    }

    public void Remove(Connection connection)
    {
        if (connection.CountedUser is not { } userName) return;

        var left = _counts.AddOrUpdate(userName, 0, static (_, count) => count - 1);
        // Another may come in between; then the pair is not this one any more.
        if (left == 0) _counts.TryRemove(new KeyValuePair<string, int>(userName, 0));
    }
}
