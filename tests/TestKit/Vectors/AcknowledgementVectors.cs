using static Avocet.Protocol.PacketType;
using static Avocet.Protocol.ProtocolVersion;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP.</summary>
public static class AcknowledgementVectors
{
    public static IReadOnlyList<PacketVector> All { get; } =
    [
        // PUBACK
        new("PUBACK 3.1", V31, Puback, Both, "40 02 12 34", "PUBACK id=4660"),
        new("PUBACK 3.1.1", V311, Puback, Both, "40 02 12 34", "PUBACK id=4660"),
        new("PUBACK of length 2 5.0", V50, Puback, Both, "40 02 FF FF", "PUBACK id=65535 reason=Success"),
        new("PUBACK of length 3 5.0", V50, Puback, Both, "40 03 00 01 10", "PUBACK id=1 reason=NoMatchingSubscribers"),
        new("PUBACK of length 3, reason Success 5.0", V50, Puback, Both, "40 03 00 01 00", "PUBACK id=1 reason=Success", "40 02 00 01"),
        new("PUBACK of length 4, reason Success 5.0", V50, Puback, Both, "40 04 00 01 00 00", "PUBACK id=1 reason=Success", "40 02 00 01"),
        new("PUBACK of length 4 5.0", V50, Puback, Both, "40 04 00 01 10 00", "PUBACK id=1 reason=NoMatchingSubscribers", "40 03 00 01 10"),
        new("PUBACK every property 5.0", V50, Puback, Both, "40 18 00 01 00 14 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'w'", "PUBACK id=1 reason=Success {ReasonString='why' UserProperty='k':'v' UserProperty='k':'w'}"),
        new("PUBACK 0x80 5.0", V50, Puback, Both, "40 03 00 01 80", "PUBACK id=1 reason=UnspecifiedError"),
        new("PUBACK 0x83 5.0", V50, Puback, Both, "40 03 00 01 83", "PUBACK id=1 reason=ImplementationSpecificError"),
        new("PUBACK 0x87 5.0", V50, Puback, Both, "40 03 00 01 87", "PUBACK id=1 reason=NotAuthorized"),
        new("PUBACK 0x90 5.0", V50, Puback, Both, "40 03 00 01 90", "PUBACK id=1 reason=TopicNameInvalid"),
        new("PUBACK 0x91 5.0", V50, Puback, Both, "40 03 00 01 91", "PUBACK id=1 reason=PacketIdentifierInUse"),
        new("PUBACK 0x97 5.0", V50, Puback, Both, "40 03 00 01 97", "PUBACK id=1 reason=QuotaExceeded"),
        new("PUBACK 0x99 5.0", V50, Puback, Both, "40 03 00 01 99", "PUBACK id=1 reason=PayloadFormatInvalid"),

        // PUBREC
        new("PUBREC 3.1", V31, Pubrec, Both, "50 02 12 34", "PUBREC id=4660"),
        new("PUBREC 3.1.1", V311, Pubrec, Both, "50 02 12 34", "PUBREC id=4660"),
        new("PUBREC of length 2 5.0", V50, Pubrec, Both, "50 02 FF FF", "PUBREC id=65535 reason=Success"),
        new("PUBREC of length 3 5.0", V50, Pubrec, Both, "50 03 00 01 10", "PUBREC id=1 reason=NoMatchingSubscribers"),
        new("PUBREC of length 3, reason Success 5.0", V50, Pubrec, Both, "50 03 00 01 00", "PUBREC id=1 reason=Success", "50 02 00 01"),
        new("PUBREC of length 4, reason Success 5.0", V50, Pubrec, Both, "50 04 00 01 00 00", "PUBREC id=1 reason=Success", "50 02 00 01"),
        new("PUBREC of length 4 5.0", V50, Pubrec, Both, "50 04 00 01 10 00", "PUBREC id=1 reason=NoMatchingSubscribers", "50 03 00 01 10"),
        new("PUBREC every property 5.0", V50, Pubrec, Both, "50 18 00 01 00 14 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'w'", "PUBREC id=1 reason=Success {ReasonString='why' UserProperty='k':'v' UserProperty='k':'w'}"),
        new("PUBREC 0x80 5.0", V50, Pubrec, Both, "50 03 00 01 80", "PUBREC id=1 reason=UnspecifiedError"),
        new("PUBREC 0x83 5.0", V50, Pubrec, Both, "50 03 00 01 83", "PUBREC id=1 reason=ImplementationSpecificError"),
        new("PUBREC 0x87 5.0", V50, Pubrec, Both, "50 03 00 01 87", "PUBREC id=1 reason=NotAuthorized"),
        new("PUBREC 0x90 5.0", V50, Pubrec, Both, "50 03 00 01 90", "PUBREC id=1 reason=TopicNameInvalid"),
        new("PUBREC 0x91 5.0", V50, Pubrec, Both, "50 03 00 01 91", "PUBREC id=1 reason=PacketIdentifierInUse"),
        new("PUBREC 0x97 5.0", V50, Pubrec, Both, "50 03 00 01 97", "PUBREC id=1 reason=QuotaExceeded"),
        new("PUBREC 0x99 5.0", V50, Pubrec, Both, "50 03 00 01 99", "PUBREC id=1 reason=PayloadFormatInvalid"),

        // PUBREL
        new("PUBREL 3.1", V31, Pubrel, Both, "62 02 12 34", "PUBREL id=4660"),
        new("PUBREL 3.1.1", V311, Pubrel, Both, "62 02 12 34", "PUBREL id=4660"),
        new("PUBREL dup 3.1", V31, Pubrel, Both, "6A 02 00 01", "PUBREL id=1", "62 02 00 01"),
        new("PUBREL of length 2 5.0", V50, Pubrel, Both, "62 02 FF FF", "PUBREL id=65535 reason=Success"),
        new("PUBREL of length 3 5.0", V50, Pubrel, Both, "62 03 00 01 92", "PUBREL id=1 reason=PacketIdentifierNotFound"),
        new("PUBREL of length 3, reason Success 5.0", V50, Pubrel, Both, "62 03 00 01 00", "PUBREL id=1 reason=Success", "62 02 00 01"),
        new("PUBREL of length 4, reason Success 5.0", V50, Pubrel, Both, "62 04 00 01 00 00", "PUBREL id=1 reason=Success", "62 02 00 01"),
        new("PUBREL of length 4 5.0", V50, Pubrel, Both, "62 04 00 01 92 00", "PUBREL id=1 reason=PacketIdentifierNotFound", "62 03 00 01 92"),
        new("PUBREL every property 5.0", V50, Pubrel, Both, "62 18 00 01 00 14 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'w'", "PUBREL id=1 reason=Success {ReasonString='why' UserProperty='k':'v' UserProperty='k':'w'}"),
        new("PUBREL failing with reason string 5.0", V50, Pubrel, Both, "62 07 00 01 92 03 1F 00 00", "PUBREL id=1 reason=PacketIdentifierNotFound {ReasonString=''}"),

        // PUBCOMP
        new("PUBCOMP 3.1", V31, Pubcomp, Both, "70 02 12 34", "PUBCOMP id=4660"),
        new("PUBCOMP 3.1.1", V311, Pubcomp, Both, "70 02 12 34", "PUBCOMP id=4660"),
        new("PUBCOMP of length 2 5.0", V50, Pubcomp, Both, "70 02 FF FF", "PUBCOMP id=65535 reason=Success"),
        new("PUBCOMP of length 3 5.0", V50, Pubcomp, Both, "70 03 00 01 92", "PUBCOMP id=1 reason=PacketIdentifierNotFound"),
        new("PUBCOMP of length 3, reason Success 5.0", V50, Pubcomp, Both, "70 03 00 01 00", "PUBCOMP id=1 reason=Success", "70 02 00 01"),
        new("PUBCOMP of length 4, reason Success 5.0", V50, Pubcomp, Both, "70 04 00 01 00 00", "PUBCOMP id=1 reason=Success", "70 02 00 01"),
        new("PUBCOMP of length 4 5.0", V50, Pubcomp, Both, "70 04 00 01 92 00", "PUBCOMP id=1 reason=PacketIdentifierNotFound", "70 03 00 01 92"),
        new("PUBCOMP every property 5.0", V50, Pubcomp, Both, "70 18 00 01 00 14 1F 00 03 'why' 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'w'", "PUBCOMP id=1 reason=Success {ReasonString='why' UserProperty='k':'v' UserProperty='k':'w'}"),
        new("PUBCOMP failing with reason string 5.0", V50, Pubcomp, Both, "70 07 00 01 92 03 1F 00 00", "PUBCOMP id=1 reason=PacketIdentifierNotFound {ReasonString=''}"),
    ];
}
