using Avocet.Broker.Connections;
using Avocet.Broker.Storage;
using Avocet.Protocol;

namespace Avocet.Broker.Inspection;

/// <summary>What an operator may do to the session of a client.</summary>
internal static class SessionOperations
{
    /// <summary>So often a part of a queue is looked for that was taken but is not written yet.</summary>
    private const int FruitlessReadsMax = 3;

    public static async Task<bool> EndAsync(BrokerContext context, string clientId, string detail, CancellationToken cancellationToken)
    {
        var batch = new FlushBatch(context.Commits);
        if (!context.Sessions.TryEnd(clientId, detail, batch, out var connection)) return false;

        batch.Flush();
        if (connection is null) return true;

        connection.Close(new Ending(EndingCause.AccessRevoked, ReasonCode.AdministrativeAction, detail));
        await connection.WhenLeftAsync().WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>What lies in memory goes at once; what lies in the store only is read part by part, so that its messages are released as if they had been delivered.</summary>
    public static async Task<long?> ClearQueueAsync(BrokerContext context, string clientId, CancellationToken cancellationToken)
    {
        if (context.Sessions.Find(clientId) is not { } session) return null;

        var below = session.NextSequence;
        var count = 0L;
        var fruitless = 0;
        while (true)
        {
            var dropped = session.DropQueued(below, out var hasMore);
            count += dropped;
            context.Commits?.Kick();
            if (!hasMore) return count;

            fruitless = dropped > 0 ? 0 : fruitless + 1;
            if (fruitless > FruitlessReadsMax) return count;

            if (fruitless > 1) await context.Commits!.WhenCommittedAsync().WaitAsync(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            QueuePage.Load(session);
        }
    }
}
