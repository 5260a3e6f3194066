namespace Avocet.Durability;

/// <summary>What is measured.</summary>
internal enum BrokerKind
{
    AvocetFsync,
    AvocetOs,
    Mosquitto,
}
