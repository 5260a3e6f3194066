using static Avocet.Protocol.PacketType;
using static Avocet.Protocol.ProtocolVersion;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK.</summary>
public static class SubscriptionVectors
{
    public static IReadOnlyList<PacketVector> All { get; } =
    [
        // SUBSCRIBE
        new("SUBSCRIBE one filter 3.1", V31, Subscribe, ToServer, "82 08 00 01 00 03 'a/b' 00", "SUBSCRIBE id=1 'a/b' qos=0"),
        new("SUBSCRIBE one filter 3.1.1", V311, Subscribe, ToServer, "82 08 00 01 00 03 'a/b' 00", "SUBSCRIBE id=1 'a/b' qos=0"),
        new("SUBSCRIBE several filters 3.1", V31, Subscribe, ToServer, "82 12 FF FF 00 03 'a/b' 00 00 01 '#' 01 00 03 '+/c' 02", "SUBSCRIBE id=65535 'a/b' qos=0 '#' qos=1 '+/c' qos=2"),
        new("SUBSCRIBE several filters 3.1.1", V311, Subscribe, ToServer, "82 12 FF FF 00 03 'a/b' 00 00 01 '#' 01 00 03 '+/c' 02", "SUBSCRIBE id=65535 'a/b' qos=0 '#' qos=1 '+/c' qos=2"),
        new("SUBSCRIBE same filter twice 3.1.1", V311, Subscribe, ToServer, "82 0A 00 01 00 01 'a' 00 00 01 'a' 02", "SUBSCRIBE id=1 'a' qos=0 'a' qos=2"),
        new("SUBSCRIBE dup 3.1", V31, Subscribe, ToServer, "8A 08 00 01 00 03 'a/b' 01", "SUBSCRIBE id=1 'a/b' qos=1", "82 08 00 01 00 03 'a/b' 01"),
        new("SUBSCRIBE reserved bits beside the QoS 3.1", V31, Subscribe, ToServer, "82 08 00 01 00 03 'a/b' FD", "SUBSCRIBE id=1 'a/b' qos=1"),
        new("SUBSCRIBE filter of 65535 bytes 3.1.1", V311, Subscribe, ToServer, "82 84 80 04 00 01 FF FF 'f'*65535 00", "SUBSCRIBE id=1 'f'*65535 qos=0"),
        new("SUBSCRIBE one filter 5.0", V50, Subscribe, ToServer, "82 09 00 01 00 00 03 'a/b' 00", "SUBSCRIBE id=1 'a/b' qos=0"),
        new("SUBSCRIBE several filters with options 5.0", V50, Subscribe, ToServer, "82 1B 00 01 00 00 01 'a' 01 00 01 'b' 06 00 01 'c' 08 00 01 'd' 10 00 01 'e' 20 00 01 'f' 2E", "SUBSCRIBE id=1 'a' qos=1 'b' qos=2 noLocal 'c' qos=0 retainAsPublished 'd' qos=0 retainHandling=1 'e' qos=0 retainHandling=2 'f' qos=2 noLocal retainAsPublished retainHandling=2"),
        new("SUBSCRIBE every property 5.0", V50, Subscribe, ToServer, "82 17 00 01 10 0B 05 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'v' 00 01 'a' 00", "SUBSCRIBE id=1 {SubscriptionIdentifier=5 UserProperty='k':'v' UserProperty='k':'v'} 'a' qos=0"),
        new("SUBSCRIBE largest Subscription Identifier 5.0", V50, Subscribe, ToServer, "82 0C 00 01 05 0B FF FF FF 7F 00 01 'a' 00", "SUBSCRIBE id=1 {SubscriptionIdentifier=268435455} 'a' qos=0"),
        new("SUBSCRIBE shared 5.0", V50, Subscribe, ToServer, "82 12 00 01 00 00 0C '$share/g/a/#' 01", "SUBSCRIBE id=1 '$share/g/a/#' qos=1"),
        new("SUBSCRIBE filter of 65535 bytes 5.0", V50, Subscribe, ToServer, "82 85 80 04 00 01 00 FF FF 'f'*65535 00", "SUBSCRIBE id=1 'f'*65535 qos=0"),

        // SUBACK
        new("SUBACK 3.1", V31, Suback, ToClient, "90 05 00 01 00 01 02", "SUBACK id=1 codes=00 01 02"),
        new("SUBACK 3.1.1", V311, Suback, ToClient, "90 06 00 01 00 01 02 80", "SUBACK id=1 codes=00 01 02 80"),
        new("SUBACK 5.0", V50, Suback, ToClient, "90 04 00 01 00 00", "SUBACK id=1 codes=00"),
        new("SUBACK every code 5.0", V50, Suback, ToClient, "90 0F FF FF 00 00 01 02 80 83 87 8F 91 97 9E A1 A2", "SUBACK id=65535 codes=00 01 02 80 83 87 8F 91 97 9E A1 A2"),
        new("SUBACK every property 5.0", V50, Suback, ToClient, "90 11 00 01 0D 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 87", "SUBACK id=1 {ReasonString='why' UserProperty='k':'v'} codes=87"),

        // UNSUBSCRIBE
        new("UNSUBSCRIBE one filter 3.1", V31, Unsubscribe, ToServer, "A2 07 00 01 00 03 'a/b'", "UNSUBSCRIBE id=1 'a/b'"),
        new("UNSUBSCRIBE one filter 3.1.1", V311, Unsubscribe, ToServer, "A2 07 00 01 00 03 'a/b'", "UNSUBSCRIBE id=1 'a/b'"),
        new("UNSUBSCRIBE several filters 3.1", V31, Unsubscribe, ToServer, "A2 0D 00 01 00 03 'a/b' 00 01 '#' 00 01 '+'", "UNSUBSCRIBE id=1 'a/b' '#' '+'"),
        new("UNSUBSCRIBE several filters 3.1.1", V311, Unsubscribe, ToServer, "A2 0D 00 01 00 03 'a/b' 00 01 '#' 00 01 '+'", "UNSUBSCRIBE id=1 'a/b' '#' '+'"),
        new("UNSUBSCRIBE dup 3.1", V31, Unsubscribe, ToServer, "AA 05 00 01 00 01 'a'", "UNSUBSCRIBE id=1 'a'", "A2 05 00 01 00 01 'a'"),
        new("UNSUBSCRIBE one filter 5.0", V50, Unsubscribe, ToServer, "A2 08 00 01 00 00 03 'a/b'", "UNSUBSCRIBE id=1 'a/b'"),
        new("UNSUBSCRIBE several filters 5.0", V50, Unsubscribe, ToServer, "A2 17 FF FF 00 00 03 'a/b' 00 0A '$share/g/#' 00 01 '+'", "UNSUBSCRIBE id=65535 'a/b' '$share/g/#' '+'"),
        new("UNSUBSCRIBE every property 5.0", V50, Unsubscribe, ToServer, "A2 12 00 01 0C 26 00 01 'k' 00 01 'v' 26 00 00 00 00 00 01 'a'", "UNSUBSCRIBE id=1 {UserProperty='k':'v' UserProperty='':''} 'a'"),
        new("UNSUBSCRIBE filter of 65535 bytes 5.0", V50, Unsubscribe, ToServer, "A2 84 80 04 00 01 00 FF FF 'f'*65535", "UNSUBSCRIBE id=1 'f'*65535"),

        // UNSUBACK
        new("UNSUBACK 3.1", V31, Unsuback, ToClient, "B0 02 00 01", "UNSUBACK id=1"),
        new("UNSUBACK 3.1.1", V311, Unsuback, ToClient, "B0 02 00 01", "UNSUBACK id=1"),
        new("UNSUBACK 5.0", V50, Unsuback, ToClient, "B0 04 00 01 00 00", "UNSUBACK id=1 codes=00"),
        new("UNSUBACK every code 5.0", V50, Unsuback, ToClient, "B0 0A 00 01 00 00 11 80 83 87 8F 91", "UNSUBACK id=1 codes=00 11 80 83 87 8F 91"),
        new("UNSUBACK every property 5.0", V50, Unsuback, ToClient, "B0 11 00 01 0D 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 11", "UNSUBACK id=1 {ReasonString='why' UserProperty='k':'v'} codes=11"),
    ];
}
