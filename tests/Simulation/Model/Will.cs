namespace Avocet.Simulation.Model;

/// <summary>What becomes of a will.</summary>
internal enum WillFate
{
    /// <summary>Its connection has not ended, or it is not known how.</summary>
    Waiting,

    /// <summary>It is published at its time.</summary>
    Due,

    Published,

    /// <summary>It must never be published.</summary>
    Never,

    /// <summary>The outcome is not determined: the crash, or the race, may have been lost by either.</summary>
    Unknown,
}

/// <summary>The will of one connection.</summary>
internal sealed class Will
{
    public required Message Message { get; init; }

    public required Link Link { get; init; }

    public required long DelayMilliseconds { get; init; }

    public WillFate Fate { get; set; }

    /// <summary>It is published at this time at the earliest, and at <see cref="DueBy"/> at the latest.</summary>
    public long DueFrom { get; set; } = Message.Never;

    public long DueBy { get; set; } = Message.Never;

    /// <summary>Commits of the disk when its fate was decided; a crash soon after may undo that.</summary>
    public int DecidedAtCommits { get; set; }
}
