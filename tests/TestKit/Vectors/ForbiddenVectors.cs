using static Avocet.Protocol.ProtocolVersion;
using static Avocet.Protocol.ReasonCode;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>Packets that decode, but that a client may not send: to a server which has accepted its CONNECT (without properties).</summary>
public static class ForbiddenVectors
{
    public static IReadOnlyList<MalformedVector> All { get; } =
    [
        // Of the other direction
        new("CONNACK from a client 3.1", V31, ToServer, "20 02 00 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("CONNACK from a client 3.1.1", V311, ToServer, "20 02 00 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("CONNACK from a client 5.0", V50, ToServer, "20 03 00 00 00", ProtocolError, "MQTT-4.13.1-1"),
        new("SUBACK from a client 3.1", V31, ToServer, "90 03 00 01 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("SUBACK from a client 3.1.1", V311, ToServer, "90 03 00 01 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("SUBACK from a client 5.0", V50, ToServer, "90 04 00 01 00 00", ProtocolError, "MQTT-4.13.1-1"),
        new("UNSUBACK from a client 3.1", V31, ToServer, "B0 02 00 01", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("UNSUBACK from a client 3.1.1", V311, ToServer, "B0 02 00 01", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("UNSUBACK from a client 5.0", V50, ToServer, "B0 04 00 01 00 00", ProtocolError, "MQTT-4.13.1-1"),
        new("PINGRESP from a client 3.1", V31, ToServer, "D0 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("PINGRESP from a client 3.1.1", V311, ToServer, "D0 00", ProtocolError, "3.1.1 MQTT-4.8.0-1"),
        new("PINGRESP from a client 5.0", V50, ToServer, "D0 00", ProtocolError, "MQTT-4.13.1-1"),

        // At a wrong time
        new("second CONNECT 3.1", V31, ToServer, "10 0F 00 06 'MQIsdp' 03 02 00 3C 00 01 'a'", ProtocolError, "3.1.1 MQTT-3.1.0-2"),
        new("second CONNECT 3.1.1", V311, ToServer, "10 0D 00 04 'MQTT' 04 02 00 3C 00 01 'a'", ProtocolError, "3.1.1 MQTT-3.1.0-2"),
        new("second CONNECT 5.0", V50, ToServer, "10 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 'a'", ProtocolError, "MQTT-3.1.0-2"),
        new("AUTH without a method in CONNECT 5.0", V50, ToServer, "F0 06 19 04 15 00 01 'm'", ProtocolError, "MQTT-4.12.0-7"),
        new("PUBLISH with unknown Topic Alias 5.0", V50, ToServer, "30 07 00 00 03 23 00 01 'x'", ProtocolError, "3.3.2.3.4 Topic Alias"),
        new("DISCONNECT with Session Expiry Interval after none in CONNECT 5.0", V50, ToServer, "E0 07 00 05 11 00 00 00 0A", ProtocolError, "3.14.2.2.2 Session Expiry Interval"),

        // With fields that only a server may use, or that contradict each other
        new("PUBLISH with Subscription Identifier from a client 5.0", V50, ToServer, "30 07 00 01 'a' 02 0B 01 'x'", ProtocolError, "MQTT-3.3.4-6"),
        new("SUBSCRIBE with No Local on a shared subscription 5.0", V50, ToServer, "82 10 00 01 00 00 0A '$share/g/a' 04", ProtocolError, "MQTT-3.8.3-4"),
        new("DISCONNECT with Server Reference from a client 5.0", V50, ToServer, "E0 06 00 04 1C 00 01 's'", ProtocolError, "3.14.2.2.5 Server Reference"),
    ];
}
