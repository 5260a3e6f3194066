using static Avocet.Protocol.PacketType;
using static Avocet.Protocol.ProtocolVersion;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>PINGREQ, PINGRESP, DISCONNECT and AUTH.</summary>
public static class ConnectionVectors
{
    public static IReadOnlyList<PacketVector> All { get; } =
    [
        // PINGREQ and PINGRESP
        new("PINGREQ 3.1", V31, Pingreq, ToServer, "C0 00", "PINGREQ"),
        new("PINGREQ 3.1.1", V311, Pingreq, ToServer, "C0 00", "PINGREQ"),
        new("PINGREQ 5.0", V50, Pingreq, ToServer, "C0 00", "PINGREQ"),
        new("PINGREQ overlong Remaining Length 3.1.1", V311, Pingreq, ToServer, "C0 80 00", "PINGREQ", "C0 00"),
        new("PINGRESP 3.1", V31, Pingresp, ToClient, "D0 00", "PINGRESP"),
        new("PINGRESP 3.1.1", V311, Pingresp, ToClient, "D0 00", "PINGRESP"),
        new("PINGRESP 5.0", V50, Pingresp, ToClient, "D0 00", "PINGRESP"),

        // DISCONNECT
        new("DISCONNECT 3.1", V31, Disconnect, ToServer, "E0 00", "DISCONNECT"),
        new("DISCONNECT 3.1.1", V311, Disconnect, ToServer, "E0 00", "DISCONNECT"),
        new("DISCONNECT of length 0 5.0", V50, Disconnect, Both, "E0 00", "DISCONNECT reason=Success"),
        new("DISCONNECT of length 1, reason Success 5.0", V50, Disconnect, Both, "E0 01 00", "DISCONNECT reason=Success", "E0 00"),
        new("DISCONNECT of length 2, reason Success 5.0", V50, Disconnect, Both, "E0 02 00 00", "DISCONNECT reason=Success", "E0 00"),
        new("DISCONNECT of length 2 5.0", V50, Disconnect, ToServer, "E0 02 04 00", "DISCONNECT reason=DisconnectWithWillMessage", "E0 01 04"),
        new("DISCONNECT with will 5.0", V50, Disconnect, ToServer, "E0 01 04", "DISCONNECT reason=DisconnectWithWillMessage"),
        new("DISCONNECT every property of a client 5.0", V50, Disconnect, ToServer, "E0 14 00 12 11 00 00 00 0A 1F 00 03 'bye' 26 00 01 'k' 00 01 'v'", "DISCONNECT reason=Success {SessionExpiryInterval=10 ReasonString='bye' UserProperty='k':'v'}"),
        new("DISCONNECT every property of a server 5.0", V50, Disconnect, ToClient, "E0 19 9D 17 1C 00 05 'other' 1F 00 05 'moved' 26 00 01 'k' 00 01 'v'", "DISCONNECT reason=ServerMoved {ServerReference='other' ReasonString='moved' UserProperty='k':'v'}"),
        new("DISCONNECT 0x80 5.0", V50, Disconnect, Both, "E0 01 80", "DISCONNECT reason=UnspecifiedError"),
        new("DISCONNECT 0x81 5.0", V50, Disconnect, Both, "E0 01 81", "DISCONNECT reason=MalformedPacket"),
        new("DISCONNECT 0x82 5.0", V50, Disconnect, Both, "E0 01 82", "DISCONNECT reason=ProtocolError"),
        new("DISCONNECT 0x83 5.0", V50, Disconnect, Both, "E0 01 83", "DISCONNECT reason=ImplementationSpecificError"),
        new("DISCONNECT 0x87 5.0", V50, Disconnect, ToClient, "E0 01 87", "DISCONNECT reason=NotAuthorized"),
        new("DISCONNECT 0x89 5.0", V50, Disconnect, ToClient, "E0 01 89", "DISCONNECT reason=ServerBusy"),
        new("DISCONNECT 0x8B 5.0", V50, Disconnect, ToClient, "E0 01 8B", "DISCONNECT reason=ServerShuttingDown"),
        new("DISCONNECT 0x8C 5.0", V50, Disconnect, ToClient, "E0 01 8C", "DISCONNECT reason=BadAuthenticationMethod"),
        new("DISCONNECT 0x8D 5.0", V50, Disconnect, ToClient, "E0 01 8D", "DISCONNECT reason=KeepAliveTimeout"),
        new("DISCONNECT 0x8E 5.0", V50, Disconnect, ToClient, "E0 01 8E", "DISCONNECT reason=SessionTakenOver"),
        new("DISCONNECT 0x8F 5.0", V50, Disconnect, ToClient, "E0 01 8F", "DISCONNECT reason=TopicFilterInvalid"),
        new("DISCONNECT 0x90 5.0", V50, Disconnect, Both, "E0 01 90", "DISCONNECT reason=TopicNameInvalid"),
        new("DISCONNECT 0x93 5.0", V50, Disconnect, Both, "E0 01 93", "DISCONNECT reason=ReceiveMaximumExceeded"),
        new("DISCONNECT 0x94 5.0", V50, Disconnect, Both, "E0 01 94", "DISCONNECT reason=TopicAliasInvalid"),
        new("DISCONNECT 0x95 5.0", V50, Disconnect, Both, "E0 01 95", "DISCONNECT reason=PacketTooLarge"),
        new("DISCONNECT 0x96 5.0", V50, Disconnect, Both, "E0 01 96", "DISCONNECT reason=MessageRateTooHigh"),
        new("DISCONNECT 0x97 5.0", V50, Disconnect, Both, "E0 01 97", "DISCONNECT reason=QuotaExceeded"),
        new("DISCONNECT 0x98 5.0", V50, Disconnect, Both, "E0 01 98", "DISCONNECT reason=AdministrativeAction"),
        new("DISCONNECT 0x99 5.0", V50, Disconnect, Both, "E0 01 99", "DISCONNECT reason=PayloadFormatInvalid"),
        new("DISCONNECT 0x9A 5.0", V50, Disconnect, ToClient, "E0 01 9A", "DISCONNECT reason=RetainNotSupported"),
        new("DISCONNECT 0x9B 5.0", V50, Disconnect, ToClient, "E0 01 9B", "DISCONNECT reason=QosNotSupported"),
        new("DISCONNECT 0x9C 5.0", V50, Disconnect, ToClient, "E0 01 9C", "DISCONNECT reason=UseAnotherServer"),
        new("DISCONNECT 0x9D 5.0", V50, Disconnect, ToClient, "E0 01 9D", "DISCONNECT reason=ServerMoved"),
        new("DISCONNECT 0x9E 5.0", V50, Disconnect, ToClient, "E0 01 9E", "DISCONNECT reason=SharedSubscriptionsNotSupported"),
        new("DISCONNECT 0x9F 5.0", V50, Disconnect, ToClient, "E0 01 9F", "DISCONNECT reason=ConnectionRateExceeded"),
        new("DISCONNECT 0xA0 5.0", V50, Disconnect, ToClient, "E0 01 A0", "DISCONNECT reason=MaximumConnectTime"),
        new("DISCONNECT 0xA1 5.0", V50, Disconnect, ToClient, "E0 01 A1", "DISCONNECT reason=SubscriptionIdentifiersNotSupported"),
        new("DISCONNECT 0xA2 5.0", V50, Disconnect, ToClient, "E0 01 A2", "DISCONNECT reason=WildcardSubscriptionsNotSupported"),

        // AUTH
        new("AUTH of length 0 5.0", V50, Auth, ToClient, "F0 00", "AUTH reason=Success"),
        new("AUTH of length 2, reason Success 5.0", V50, Auth, ToClient, "F0 02 00 00", "AUTH reason=Success", "F0 00"),
        new("AUTH continue 5.0", V50, Auth, Both, "F0 0B 18 09 15 00 01 'm' 16 00 02 01 02", "AUTH reason=ContinueAuthentication {AuthenticationMethod='m' AuthenticationData=<01 02>}"),
        new("AUTH re-authenticate, every property 5.0", V50, Auth, ToServer, "F0 1A 19 18 15 00 05 'SCRAM' 16 00 00 1F 00 03 'why' 26 00 01 'k' 00 01 'v'", "AUTH reason=Reauthenticate {AuthenticationMethod='SCRAM' AuthenticationData='' ReasonString='why' UserProperty='k':'v'}"),
        new("AUTH success 5.0", V50, Auth, ToClient, "F0 06 00 04 15 00 01 'm'", "AUTH reason=Success {AuthenticationMethod='m'}"),
    ];
}
