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
