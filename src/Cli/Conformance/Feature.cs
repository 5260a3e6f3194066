namespace Avocet.Cli.Conformance;

/// <summary>What a broker of MQTT 5.0 may leave out.</summary>
[Flags]
internal enum Feature
{
    None = 0,
    Qos1 = 1,
    Qos2 = 2,
    Retain = 4,
    Wildcards = 8,
    SharedSubscriptions = 16,
    SubscriptionIds = 32,
    TopicAlias = 64,
}
