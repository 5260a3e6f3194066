namespace Avocet.Load;

/// <summary>The brokers that are known.</summary>
internal enum BrokerKind
{
    Avocet,
    Mosquitto,
    MqttNet,
}

/// <summary>A column of the table.</summary>
internal sealed record BrokerChoice(string Name, BrokerKind Kind, string Path);

/// <summary>How a scenario changes a broker's configuration.</summary>
internal enum BrokerSetup
{
    /// <summary>As they are by default, with the same limits.</summary>
    Default,

    /// <summary>Queues as long as needed; Avocet's acknowledged messages survive the end of the process, not a power cut.</summary>
    LongQueues,

    /// <summary>With rules who may publish and subscribe to what.</summary>
    AccessRules,
}
