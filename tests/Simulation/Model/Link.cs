namespace Avocet.Simulation.Model;

/// <summary>A connection as the model sees it.</summary>
internal sealed class Link
{
    public required int Number { get; init; }

    public required int Client { get; init; }

    public bool IsCleanStart { get; init; }

    /// <summary>Session Expiry Interval in milliseconds, as CONNECT said it; <see cref="Message.Never"/> for ever.</summary>
    public required long ExpiryMilliseconds { get; init; }

    /// <summary>What DISCONNECT made of it, if that was handled.</summary>
    public long? DisconnectExpiryMilliseconds { get; set; }

    public Will? Will { get; set; }

    public required long SentStep { get; init; }

    public required long SentAt { get; init; }

    /// <summary>Whether CONNACK let the client in.</summary>
    public bool IsAccepted { get; set; }

    /// <summary>Whether the broker refused it, so that it changed nothing.</summary>
    public bool IsRefused { get; set; }

    /// <summary>When the client let the connection go, at the earliest; also: sent DISCONNECT or began a takeover.</summary>
    public long CutAt { get; set; } = Message.Never;

    /// <summary>When the broker had certainly let it go.</summary>
    public long EndedAt { get; set; } = Message.Never;

    public long EndedStep { get; set; } = Message.Never;

    /// <summary>How the broker says it ended; null while that is not known, and after a crash.</summary>
    public string? Cause { get; set; }

    /// <summary>Whether the client's DISCONNECT asks for the will.</summary>
    public bool DisconnectsWithWill { get; set; }

    /// <summary>Whether a commit has certainly kept what CONNECT said, its will included.</summary>
    public bool IsKept { get; set; }

    /// <summary>Until when the session certainly exists if a crash forgets this connection.</summary>
    public long CertainIfForgotten { get; set; } = -1;

    /// <summary>Whether a crash came while it was there: what is read of it now was sent before.</summary>
    public bool OutlivedCrash { get; set; }

    /// <summary>Whether what it says to be refused may have been kept: the commit failed after it was applied, and a crash came before the broker could take it back.</summary>
    public bool HasOpenRefusals { get; set; }

    /// <summary>Whether the broker may end it by itself: for its keep alive, or, with 3.x, when the disk works again, so that the client sends anew.</summary>
    public bool MayEndByItself { get; init; }

    /// <summary>Commits of the disk when it ended.</summary>
    public int EndedAtCommits { get; set; }

    /// <summary>Whether what the disk holds of it has survived what the durability promises to survive.</summary>
    public bool IsSafe { get; set; }

    /// <summary>When the broker was started again after a crash that may have forgotten the end, or met the open connection; else null.</summary>
    public long? RestartedAt { get; set; }

    /// <summary>The least and the greatest Session Expiry Interval that may count.</summary>
    public (long Least, long Most) Expiry
    {
        get
        {
            if (DisconnectExpiryMilliseconds is not { } changed) return (ExpiryMilliseconds, ExpiryMilliseconds);
            if (Cause == "ClientDisconnected" && RestartedAt is null) return (changed, changed);

            return (Math.Min(changed, ExpiryMilliseconds), Math.Max(changed, ExpiryMilliseconds));
        }
    }

    public bool HasEnded => EndedAt != Message.Never;
}
