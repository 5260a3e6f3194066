namespace Avocet.Broker.Monitoring;

/// <summary>How much of the memory that the broker may use is used.</summary>
internal enum MemoryLevel
{
    /// <summary>There is enough.</summary>
    Free,

    /// <summary>From 85 % on: new connections and subscriptions are refused.</summary>
    Tight,

    /// <summary>From 90 % on: QoS 0 messages are dropped, too.</summary>
    Scarce,

    /// <summary>From 95 % on: nothing more is taken.</summary>
    Full,
}
