using System.Text;

namespace Avocet.Broker;

/// <summary>What an acknowledged message, kept for a session with an expiry or retained, survives.</summary>
public enum Durability
{
    /// <summary>A power cut: PUBACK and PUBREC leave once the medium has the message.</summary>
    Fsync,

    /// <summary>The end of the broker's process, also by SIGKILL: PUBACK and PUBREC leave once the operating system has the message.</summary>
    Os,

    /// <summary>An orderly stop: PUBACK and PUBREC leave at once, and the message is written soon after.</summary>
    None,
}

/// <summary>The durability of the messages of some topics.</summary>
/// <param name="Filter">A valid Topic Filter, mount points included, without <c>$share</c>.</param>
/// <param name="Durability">What they survive.</param>
public sealed record TopicDurability(string Filter, Durability Durability)
{
    internal byte[] FilterBytes { get; } = Encoding.UTF8.GetBytes(Filter);
}
