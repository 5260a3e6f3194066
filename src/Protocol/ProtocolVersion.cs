namespace Avocet.Protocol;

/// <summary>The protocol level in CONNECT.</summary>
public enum ProtocolVersion : byte
{
    /// <summary>Not known yet: no CONNECT was read.</summary>
    None = 0,

    /// <summary>MQTT 3.1, protocol name <c>MQIsdp</c>.</summary>
    V31 = 3,

    /// <summary>MQTT 3.1.1.</summary>
    V311 = 4,

    /// <summary>MQTT 5.0.</summary>
    V50 = 5,
}

/// <summary>What can be said of a version.</summary>
public static class ProtocolVersions
{
    /// <summary>For logs: <c>MQTT 3.1.1</c>.</summary>
    public static string Describe(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.V31 => "MQTT 3.1",
        ProtocolVersion.V311 => "MQTT 3.1.1",
        ProtocolVersion.V50 => "MQTT 5.0",
        _ => "no MQTT version yet",
    };
}
