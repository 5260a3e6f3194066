namespace Avocet.Cli.Store;

/// <summary>What a check has read.</summary>
internal sealed class StoreCheckCounts
{
    public long Records { get; set; }

    public long Sessions { get; set; }

    public long Subscriptions { get; set; }

    public long Queued { get; set; }

    public long Messages { get; set; }

    public long Retained { get; set; }

    /// <summary>Records of users, groups and roles.</summary>
    public long Users { get; set; }

    public override string ToString() =>
        $"{Records} records: {Sessions} sessions, {Subscriptions} subscriptions, {Queued} queued messages, {Messages} shared messages, {Retained} retained messages{(Users == 0 ? "" : $", {Users} records of users, groups and roles")}";
}
