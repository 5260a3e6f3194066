namespace Avocet.Cli.Bench;

/// <summary>What is done with many connections.</summary>
internal static class Connections
{
    public static Task OpenAsync(BenchRun run, IReadOnlyList<BenchConnection> connections, uint sessionExpirySeconds = 0) =>
        run.ForEachAsync(connections, connection => connection.OpenAsync(sessionExpirySeconds));

    public static Task CloseAsync(BenchRun run, IReadOnlyList<BenchConnection> connections) => run.ForEachAsync(connections, connection => connection.CloseAsync());

    public static void Dispose(IReadOnlyList<BenchConnection> connections)
    {
        foreach (var connection in connections) connection.Dispose();
    }
}
