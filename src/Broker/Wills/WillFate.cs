namespace Avocet.Broker.Wills;

/// <summary>What becomes of a will at the end of a connection.</summary>
internal enum WillFate
{
    /// <summary>It is published, after its delay. [MQTT-3.1.2-8]</summary>
    Published,

    /// <summary>It is deleted: the client said DISCONNECT. [MQTT-3.1.2-10]</summary>
    Deleted,

    /// <summary>The broker ends: it is published after the next start, where the session lives on; else it is deleted.</summary>
    Postponed,
}
