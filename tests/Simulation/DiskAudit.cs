using Avocet.Broker.Storage;

namespace Avocet.Simulation;

/// <summary>When all sessions have ended, the disk holds nothing of them.</summary>
internal static class DiskAudit
{
    public static void Check(SimulatedWorld world)
    {
        if (!world.Plan.IsDurable) return;

        foreach (var table in Enum.GetValues<StoreTable>())
        {
            if (table is StoreTable.Meta or StoreTable.Retained) continue;

            var left = world.Disk.Current[table].Count;
            if (left > 0) throw new ViolationException("limit", $"{left} records are left in the table {table} although all sessions have ended.", []);
        }
    }
}
