using Avocet.Broker;
using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>What is known of a message's fate.</summary>
internal enum Outcome
{
    /// <summary>Not known: under way, or of QoS 0.</summary>
    Open,

    /// <summary>PUBACK or PUBREC said that the broker has it; for a will: it has certainly been published.</summary>
    Acknowledged,

    /// <summary>The broker said that it does not have it.</summary>
    Refused,

    /// <summary>The publisher gave it up with its session: it may have arrived or not.</summary>
    Abandoned,
}

/// <summary>A message that a client publishes. Its number is its payload.</summary>
internal sealed class Message
{
    public required int Number { get; init; }

    /// <summary>The number of the client that publishes it.</summary>
    public required int Publisher { get; init; }

    public required string Topic { get; init; }

    public Qos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Whether it has no payload: it then clears what is retained, and nobody can tell which message it was.</summary>
    public bool IsClear { get; init; }

    /// <summary>Message Expiry Interval, or null.</summary>
    public uint? ExpirySeconds { get; init; }

    public bool IsWill { get; init; }

    /// <summary>The steps at which the client began to send it, and at which its fate was known; the broker routed it in between.</summary>
    public required long SentStep { get; set; }

    public long DoneStep { get; set; } = Never;

    /// <summary>The time at which its fate was known.</summary>
    public long DoneAt { get; set; } = Never;

    public Outcome Outcome { get; set; }

    /// <summary>How often the client sent it.</summary>
    public int Transmissions { get; set; } = 1;

    /// <summary>Whether it was sent again to a session that may not be the one that it was sent to before.</summary>
    public bool MayComeTwice { get; set; }

    /// <summary>Whether it was sent again after the disk had failed: messages sent after it may then be ahead of it.</summary>
    public bool MayBeOutOfOrder { get; set; }

    /// <summary>What it must survive once it is acknowledged.</summary>
    public Durability Durability { get; set; } = Durability.Fsync;

    /// <summary>Commits of the disk when its fate was known.</summary>
    public int DoneAtCommits { get; set; }

    /// <summary>Whether a crash has come that it need not survive.</summary>
    public bool MayBeLost { get; set; }

    /// <summary>The connection on which it was last sent.</summary>
    public required Link LastLink { get; set; }

    /// <summary>Whether its delivery can be insisted on where it was acknowledged.</summary>
    public bool MustArrive => Outcome == Outcome.Acknowledged && Qos != Qos.AtMostOnce && ExpirySeconds is null && !IsClear && !MayBeLost;

    /// <summary>The last step at which the broker can have routed it.</summary>
    public long LastPossibleStep => Outcome switch
    {
        Outcome.Acknowledged or Outcome.Refused => DoneStep,
        Outcome.Open when Qos != Qos.AtMostOnce => Never,
        Outcome.Open or Outcome.Abandoned when IsWill => Never,
        _ => LastLink.EndedStep,
    };

    public const long Never = long.MaxValue / 4;

    public override string ToString() => $"m{Number}";
}
