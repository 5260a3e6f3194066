namespace Avocet.Cli.Store;

/// <summary>What an import has moved.</summary>
internal sealed class ImportCounts
{
    public long Sessions { get; set; }

    /// <summary>Sessions that were there before, and are not any more.</summary>
    public long Replaced { get; set; }

    public long Subscriptions { get; set; }

    public long Queued { get; set; }

    public long Retained { get; set; }

    /// <summary>Records of users, groups and roles.</summary>
    public long Users { get; set; }

    public override string ToString()
    {
        var replaced = Replaced == 0 ? "" : $" ({Replaced} in place of others)";
        return $"{Sessions} sessions{replaced} with {Subscriptions} subscriptions and {Queued} queued messages, {Retained} retained messages{(Users == 0 ? "" : $", {Users} records of users, groups and roles")}";
    }
}
