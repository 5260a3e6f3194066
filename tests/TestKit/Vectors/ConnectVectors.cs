using static Avocet.Protocol.PacketType;
using static Avocet.Protocol.ProtocolVersion;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>CONNECT and CONNACK.</summary>
public static class ConnectVectors
{
    public static IReadOnlyList<PacketVector> All { get; } =
    [
        // CONNECT, MQTT 3.1
        new("CONNECT minimal 3.1", V31, Connect, ToServer, "10 0F 00 06 'MQIsdp' 03 02 00 3C 00 01 'a'", "CONNECT 3.1 clean keepAlive=60 clientId='a'"),
        new("CONNECT everything 3.1", V31, Connect, ToServer, "10 30 00 06 'MQIsdp' 03 F6 00 0A 00 06 'client' 00 06 'will/t' 00 04 'gone' 00 04 'user' 00 06 'secret'", "CONNECT 3.1 clean keepAlive=10 clientId='client' will: qos=2 retain topic='will/t' payload='gone' userName='user' password='secret'"),
        new("CONNECT user name flag without user name 3.1", V31, Connect, ToServer, "10 0F 00 06 'MQIsdp' 03 82 00 3C 00 01 'a'", "CONNECT 3.1 clean keepAlive=60 clientId='a'", "10 0F 00 06 'MQIsdp' 03 02 00 3C 00 01 'a'"),
        new("CONNECT both flags, user name only 3.1", V31, Connect, ToServer, "10 12 00 06 'MQIsdp' 03 C2 00 3C 00 01 'a' 00 01 'u'", "CONNECT 3.1 clean keepAlive=60 clientId='a' userName='u'", "10 12 00 06 'MQIsdp' 03 82 00 3C 00 01 'a' 00 01 'u'"),
        new("CONNECT reserved flag 3.1", V31, Connect, ToServer, "10 0F 00 06 'MQIsdp' 03 03 00 3C 00 01 'a'", "CONNECT 3.1 clean keepAlive=60 clientId='a'", "10 0F 00 06 'MQIsdp' 03 02 00 3C 00 01 'a'"),
        new("CONNECT client id of 23 bytes 3.1", V31, Connect, ToServer, "10 25 00 06 'MQIsdp' 03 02 00 3C 00 17 'abcdefghijklmnopqrstuvw'", "CONNECT 3.1 clean keepAlive=60 clientId='abcdefghijklmnopqrstuvw'"),

        // CONNECT, MQTT 3.1.1
        new("CONNECT minimal 3.1.1", V311, Connect, ToServer, "10 0D 00 04 'MQTT' 04 02 00 3C 00 01 'a'", "CONNECT 3.1.1 clean keepAlive=60 clientId='a'"),
        new("CONNECT everything 3.1.1", V311, Connect, ToServer, "10 2E 00 04 'MQTT' 04 EE 00 3C 00 06 'client' 00 06 'will/t' 00 04 'gone' 00 04 'user' 00 06 'secret'", "CONNECT 3.1.1 clean keepAlive=60 clientId='client' will: qos=1 retain topic='will/t' payload='gone' userName='user' password='secret'"),
        new("CONNECT clean session 0 3.1.1", V311, Connect, ToServer, "10 0D 00 04 'MQTT' 04 00 00 3C 00 01 'a'", "CONNECT 3.1.1 keepAlive=60 clientId='a'"),
        new("CONNECT empty client id 3.1.1", V311, Connect, ToServer, "10 0C 00 04 'MQTT' 04 02 00 3C 00 00", "CONNECT 3.1.1 clean keepAlive=60 clientId=''"),
        new("CONNECT empty client id, clean session 0 3.1.1", V311, Connect, ToServer, "10 0C 00 04 'MQTT' 04 00 00 3C 00 00", "CONNECT 3.1.1 keepAlive=60 clientId=''"),
        new("CONNECT client id of 65535 bytes 3.1.1", V311, Connect, ToServer, "10 8B 80 04 00 04 'MQTT' 04 02 00 3C FF FF 'a'*65535", "CONNECT 3.1.1 clean keepAlive=60 clientId='a'*65535"),
        new("CONNECT client id with BOM 3.1.1", V311, Connect, ToServer, "10 10 00 04 'MQTT' 04 02 00 3C 00 04 EF BB BF 'a'", "CONNECT 3.1.1 clean keepAlive=60 clientId=<EF BB BF 61>"),
        new("CONNECT client id with control character and non-character 3.1.1", V311, Connect, ToServer, "10 10 00 04 'MQTT' 04 02 00 3C 00 04 01 EF BF BF", "CONNECT 3.1.1 clean keepAlive=60 clientId=<01 EF BF BF>"),
        new("CONNECT client id of four-byte characters 3.1.1", V311, Connect, ToServer, "10 14 00 04 'MQTT' 04 02 00 3C 00 08 F0 90 80 80 F4 8F BF BD", "CONNECT 3.1.1 clean keepAlive=60 clientId=<F0 90 80 80 F4 8F BF BD>"),
        new("CONNECT keep alive off 3.1.1", V311, Connect, ToServer, "10 0D 00 04 'MQTT' 04 02 00 00 00 01 'a'", "CONNECT 3.1.1 clean keepAlive=0 clientId='a'"),
        new("CONNECT longest keep alive 3.1.1", V311, Connect, ToServer, "10 0D 00 04 'MQTT' 04 02 FF FF 00 01 'a'", "CONNECT 3.1.1 clean keepAlive=65535 clientId='a'"),
        new("CONNECT will QoS 0 3.1.1", V311, Connect, ToServer, "10 13 00 04 'MQTT' 04 06 00 3C 00 01 'a' 00 01 'w' 00 01 'x'", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' will: qos=0 topic='w' payload='x'"),
        new("CONNECT will QoS 2 3.1.1", V311, Connect, ToServer, "10 13 00 04 'MQTT' 04 16 00 3C 00 01 'a' 00 01 'w' 00 01 'x'", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' will: qos=2 topic='w' payload='x'"),
        new("CONNECT empty will payload 3.1.1", V311, Connect, ToServer, "10 12 00 04 'MQTT' 04 06 00 3C 00 01 'a' 00 01 'w' 00 00", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' will: qos=0 topic='w' payload=''"),
        new("CONNECT binary will payload of 65535 bytes 3.1.1", V311, Connect, ToServer, "10 91 80 04 00 04 'MQTT' 04 06 00 3C 00 01 'a' 00 01 'w' FF FF 00*65535", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' will: qos=0 topic='w' payload=<00>*65535"),
        new("CONNECT user name without password 3.1.1", V311, Connect, ToServer, "10 10 00 04 'MQTT' 04 82 00 3C 00 01 'a' 00 01 'u'", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' userName='u'"),
        new("CONNECT empty user name and password 3.1.1", V311, Connect, ToServer, "10 11 00 04 'MQTT' 04 C2 00 3C 00 01 'a' 00 00 00 00", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' userName='' password=''"),
        new("CONNECT binary password 3.1.1", V311, Connect, ToServer, "10 16 00 04 'MQTT' 04 C2 00 3C 00 01 'a' 00 01 'u' 00 04 00 FF C3 28", "CONNECT 3.1.1 clean keepAlive=60 clientId='a' userName='u' password=<00 FF C3 28>"),
        new("CONNECT overlong Remaining Length 3.1.1", V311, Connect, ToServer, "10 8D 80 00 00 04 'MQTT' 04 02 00 3C 00 01 'a'", "CONNECT 3.1.1 clean keepAlive=60 clientId='a'", "10 0D 00 04 'MQTT' 04 02 00 3C 00 01 'a'"),

        // CONNECT, MQTT 5.0
        new("CONNECT minimal 5.0", V50, Connect, ToServer, "10 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 clientId='a'"),
        new("CONNECT clean start 0 5.0", V50, Connect, ToServer, "10 0E 00 04 'MQTT' 05 00 00 3C 00 00 01 'a'", "CONNECT 5.0 keepAlive=60 clientId='a'"),
        new("CONNECT empty client id 5.0", V50, Connect, ToServer, "10 0D 00 04 'MQTT' 05 00 00 3C 00 00 00", "CONNECT 5.0 keepAlive=60 clientId=''"),
        new("CONNECT password without user name 5.0", V50, Connect, ToServer, "10 16 00 04 'MQTT' 05 42 00 3C 00 00 01 'a' 00 06 'secret'", "CONNECT 5.0 clean keepAlive=60 clientId='a' password='secret'"),
        new("CONNECT user name and password 5.0", V50, Connect, ToServer, "10 18 00 04 'MQTT' 05 C2 00 3C 00 00 01 'a' 00 04 'user' 00 02 00 FF", "CONNECT 5.0 clean keepAlive=60 clientId='a' userName='user' password=<00 FF>"),
        new("CONNECT every property 5.0", V50, Connect, ToServer, "10 36 00 04 'MQTT' 05 02 00 3C 28 11 00 00 00 0A 15 00 05 'SCRAM' 16 00 02 00 01 17 00 19 01 21 00 14 22 00 0A 26 00 01 'k' 00 01 'v' 27 00 00 10 00 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {SessionExpiryInterval=10 AuthenticationMethod='SCRAM' AuthenticationData=<00 01> RequestProblemInformation=0 RequestResponseInformation=1 ReceiveMaximum=20 TopicAliasMaximum=10 UserProperty='k':'v' MaximumPacketSize=4096} clientId='a'"),
        new("CONNECT properties in another order 5.0", V50, Connect, ToServer, "10 1B 00 04 'MQTT' 05 02 00 3C 0D 27 00 00 10 00 22 00 0A 11 00 00 00 0A 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {MaximumPacketSize=4096 TopicAliasMaximum=10 SessionExpiryInterval=10} clientId='a'"),
        new("CONNECT largest property values 5.0", V50, Connect, ToServer, "10 22 00 04 'MQTT' 05 02 00 3C 14 11 FF FF FF FF 17 01 19 00 21 FF FF 22 FF FF 27 FF FF FF FF 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {SessionExpiryInterval=4294967295 RequestProblemInformation=1 RequestResponseInformation=0 ReceiveMaximum=65535 TopicAliasMaximum=65535 MaximumPacketSize=4294967295} clientId='a'"),
        new("CONNECT smallest property values 5.0", V50, Connect, ToServer, "10 1E 00 04 'MQTT' 05 02 00 3C 10 11 00 00 00 00 21 00 01 22 00 00 27 00 00 00 01 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {SessionExpiryInterval=0 ReceiveMaximum=1 TopicAliasMaximum=0 MaximumPacketSize=1} clientId='a'"),
        new("CONNECT same User Property twice, and empty ones 5.0", V50, Connect, ToServer, "10 21 00 04 'MQTT' 05 02 00 3C 13 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'v' 26 00 00 00 00 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {UserProperty='k':'v' UserProperty='k':'v' UserProperty='':''} clientId='a'"),
        new("CONNECT method without data 5.0", V50, Connect, ToServer, "10 12 00 04 'MQTT' 05 02 00 3C 04 15 00 01 'm' 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {AuthenticationMethod='m'} clientId='a'"),
        new("CONNECT data before method, empty data 5.0", V50, Connect, ToServer, "10 15 00 04 'MQTT' 05 02 00 3C 07 16 00 00 15 00 01 'm' 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {AuthenticationData='' AuthenticationMethod='m'} clientId='a'"),
        new("CONNECT will with every property 5.0", V50, Connect, ToServer, "10 53 00 04 'MQTT' 05 2E 00 3C 00 00 01 'a' 39 01 01 02 00 00 00 3C 03 00 0A 'text/plain' 08 00 03 'r/t' 09 00 02 00 FF 18 00 00 00 05 26 00 01 'a' 00 01 '1' 26 00 01 'b' 00 01 '2' 26 00 01 'a' 00 01 '3' 00 03 'w/t' 00 04 'gone'", "CONNECT 5.0 clean keepAlive=60 clientId='a' will: qos=1 retain {PayloadFormatIndicator=1 MessageExpiryInterval=60 ContentType='text/plain' ResponseTopic='r/t' CorrelationData=<00 FF> WillDelayInterval=5 UserProperty='a':'1' UserProperty='b':'2' UserProperty='a':'3'} topic='w/t' payload='gone'"),
        new("CONNECT will without properties 5.0", V50, Connect, ToServer, "10 14 00 04 'MQTT' 05 16 00 3C 00 00 01 'a' 00 00 01 'w' 00 00", "CONNECT 5.0 clean keepAlive=60 clientId='a' will: qos=2 topic='w' payload=''"),
        new("CONNECT will, user name and password 5.0", V50, Connect, ToServer, "10 20 00 04 'MQTT' 05 C6 00 3C 00 00 01 'a' 05 18 FF FF FF FF 00 01 'w' 00 01 'x' 00 01 'u' 00 01 'p'", "CONNECT 5.0 clean keepAlive=60 clientId='a' will: qos=0 {WillDelayInterval=4294967295} topic='w' payload='x' userName='u' password='p'"),
        new("CONNECT User Property of 65535 bytes each 5.0", V50, Connect, ToServer, "10 93 80 08 00 04 'MQTT' 05 02 00 3C 83 80 08 26 FF FF 'k'*65535 FF FF 'v'*65535 00 01 'a'", "CONNECT 5.0 clean keepAlive=60 {UserProperty='k'*65535:'v'*65535} clientId='a'"),

        // CONNACK
        new("CONNACK accepted 3.1", V31, Connack, ToClient, "20 02 00 00", "CONNACK code=00"),
        new("CONNACK accepted 3.1.1", V311, Connack, ToClient, "20 02 00 00", "CONNACK code=00"),
        new("CONNACK session present 3.1.1", V311, Connack, ToClient, "20 02 01 00", "CONNACK sessionPresent code=00"),
        new("CONNACK reserved byte set 3.1", V31, Connack, ToClient, "20 02 FF 00", "CONNACK code=00", "20 02 00 00"),
        new("CONNACK unacceptable protocol version 3.1", V31, Connack, ToClient, "20 02 00 01", "CONNACK code=01"),
        new("CONNACK unacceptable protocol version 3.1.1", V311, Connack, ToClient, "20 02 00 01", "CONNACK code=01"),
        new("CONNACK identifier rejected 3.1", V31, Connack, ToClient, "20 02 00 02", "CONNACK code=02"),
        new("CONNACK identifier rejected 3.1.1", V311, Connack, ToClient, "20 02 00 02", "CONNACK code=02"),
        new("CONNACK server unavailable 3.1", V31, Connack, ToClient, "20 02 00 03", "CONNACK code=03"),
        new("CONNACK server unavailable 3.1.1", V311, Connack, ToClient, "20 02 00 03", "CONNACK code=03"),
        new("CONNACK bad user name or password 3.1", V31, Connack, ToClient, "20 02 00 04", "CONNACK code=04"),
        new("CONNACK bad user name or password 3.1.1", V311, Connack, ToClient, "20 02 00 04", "CONNACK code=04"),
        new("CONNACK not authorized 3.1", V31, Connack, ToClient, "20 02 00 05", "CONNACK code=05"),
        new("CONNACK not authorized 3.1.1", V311, Connack, ToClient, "20 02 00 05", "CONNACK code=05"),
        new("CONNACK accepted 5.0", V50, Connack, ToClient, "20 03 00 00 00", "CONNACK code=00"),
        new("CONNACK session present 5.0", V50, Connack, ToClient, "20 03 01 00 00", "CONNACK sessionPresent code=00"),
        new("CONNACK unsupported version 5.0", V50, Connack, ToClient, "20 03 00 84 00", "CONNACK code=84"),
        new("CONNACK every property 5.0", V50, Connack, ToClient, "20 57 00 00 54 11 00 00 00 1E 12 00 06 'auto-1' 13 00 1E 15 00 05 'SCRAM' 16 00 02 01 02 1A 00 05 'resp/' 1C 00 0A 'other:1883' 1F 00 02 'ok' 21 00 0A 22 00 05 24 01 25 00 26 00 01 'k' 00 01 'v' 27 00 01 00 00 28 00 29 00 2A 00", "CONNACK code=00 {SessionExpiryInterval=30 AssignedClientIdentifier='auto-1' ServerKeepAlive=30 AuthenticationMethod='SCRAM' AuthenticationData=<01 02> ResponseInformation='resp/' ServerReference='other:1883' ReasonString='ok' ReceiveMaximum=10 TopicAliasMaximum=5 MaximumQos=1 RetainAvailable=0 UserProperty='k':'v' MaximumPacketSize=65536 WildcardSubscriptionAvailable=0 SubscriptionIdentifierAvailable=0 SharedSubscriptionAvailable=0}"),
        new("CONNACK flags at their other value 5.0", V50, Connack, ToClient, "20 0D 00 00 0A 24 00 25 01 28 01 29 01 2A 01", "CONNACK code=00 {MaximumQos=0 RetainAvailable=1 WildcardSubscriptionAvailable=1 SubscriptionIdentifierAvailable=1 SharedSubscriptionAvailable=1}"),
        new("CONNACK use another server 5.0", V50, Connack, ToClient, "20 0E 00 9C 0B 1C 00 08 'a b:1883'", "CONNACK code=9C {ServerReference='a b:1883'}"),
    ];
}
