using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;

namespace Avocet.Simulation;

/// <summary>Looks into the disk: what the broker will need after a crash has to be there, and nothing else in the end.</summary>
internal static class DiskAudit
{
    /// <summary>Each delivery that is not done has its message. The model would find the loss later; this says at which commit.</summary>
    public static void CheckMessages(SimulatedWorld world)
    {
        var disk = world.Disk.Current;
        var session = 0L;
        ProgressRecord? progress = null;
        foreach (var entry in disk[StoreTable.Queue])
        {
            if (StoreKeys.NumberOf(entry.Key) is var number && number != session)
            {
                session = number;
                progress = world.ReadFromDisk(StoreTable.Sessions, StoreKeys.OfNumber(session)) is null ? null : ReadProgress(world, session);
            }

            var reader = new RecordReader(StoreTable.Queue, entry.Key, entry.Value);
            var message = QueueRecord.ReadMessageNumber(ref reader);
            if (message == 0 || progress is not { } known || known.IsDone(StoreKeys.SequenceOf(entry.Key))) continue;
            if (world.ReadFromDisk(StoreTable.Messages, StoreKeys.OfNumber(message)) is not null) continue;

            throw new ViolationException("disk", $"Delivery {StoreKeys.SequenceOf(entry.Key)} of session {session} is not done, but its shared message {message} is gone from the disk.", []);
        }
    }

    /// <summary>When all sessions have ended, the disk holds nothing of them.</summary>
    public static void CheckEmpty(SimulatedWorld world)
    {
        if (!world.Plan.IsDurable) return;

        foreach (var table in Enum.GetValues<StoreTable>())
        {
            if (table is StoreTable.Meta) continue;

            var left = world.Disk.Current[table].Count;
            if (left > 0) throw new ViolationException("limit", $"{left} records are left in the table {table} although all sessions have ended.", []);
        }
    }

    private static ProgressRecord ReadProgress(SimulatedWorld world, long session)
    {
        var key = StoreKeys.OfNumber(session);
        if (world.ReadFromDisk(StoreTable.Progress, key) is not { } value) return new ProgressRecord(0, []);

        var reader = new RecordReader(StoreTable.Progress, key, value);
        return ProgressRecord.Read(ref reader);
    }
}
