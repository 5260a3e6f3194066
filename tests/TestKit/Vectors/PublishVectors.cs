using static Avocet.Protocol.PacketType;
using static Avocet.Protocol.ProtocolVersion;
using static Avocet.TestKit.Vectors.Direction;

namespace Avocet.TestKit.Vectors;

/// <summary>PUBLISH.</summary>
public static class PublishVectors
{
    public static IReadOnlyList<PacketVector> All { get; } =
    [
        // Before 5.0
        new("PUBLISH QoS 0 3.1", V31, Publish, Both, "30 07 00 03 'a/b' 'hi'", "PUBLISH qos=0 topic='a/b' payload='hi'"),
        new("PUBLISH QoS 0 3.1.1", V311, Publish, Both, "30 07 00 03 'a/b' 'hi'", "PUBLISH qos=0 topic='a/b' payload='hi'"),
        new("PUBLISH QoS 1 3.1", V31, Publish, Both, "32 09 00 03 'a/b' 00 0A 'hi'", "PUBLISH qos=1 topic='a/b' id=10 payload='hi'"),
        new("PUBLISH QoS 1 3.1.1", V311, Publish, Both, "32 09 00 03 'a/b' 00 0A 'hi'", "PUBLISH qos=1 topic='a/b' id=10 payload='hi'"),
        new("PUBLISH QoS 2 dup retain 3.1", V31, Publish, Both, "3D 09 00 03 'a/b' FF FF 'hi'", "PUBLISH dup qos=2 retain topic='a/b' id=65535 payload='hi'"),
        new("PUBLISH QoS 2 dup retain 3.1.1", V311, Publish, Both, "3D 09 00 03 'a/b' FF FF 'hi'", "PUBLISH dup qos=2 retain topic='a/b' id=65535 payload='hi'"),
        new("PUBLISH empty payload 3.1", V31, Publish, Both, "31 03 00 01 'a'", "PUBLISH qos=0 retain topic='a' payload=''"),
        new("PUBLISH empty payload 3.1.1", V311, Publish, Both, "31 03 00 01 'a'", "PUBLISH qos=0 retain topic='a' payload=''"),
        new("PUBLISH QoS 1 empty payload 3.1", V31, Publish, Both, "33 05 00 01 'a' 00 01", "PUBLISH qos=1 retain topic='a' id=1 payload=''"),
        new("PUBLISH QoS 1 empty payload 3.1.1", V311, Publish, Both, "33 05 00 01 'a' 00 01", "PUBLISH qos=1 retain topic='a' id=1 payload=''"),
        new("PUBLISH DUP at QoS 0 3.1", V31, Publish, Both, "38 04 00 01 'a' 'x'", "PUBLISH dup qos=0 topic='a' payload='x'"),
        new("PUBLISH slash as topic 3.1.1", V311, Publish, Both, "30 03 00 01 '/'", "PUBLISH qos=0 topic='/' payload=''"),
        new("PUBLISH topic with spaces and empty levels 3.1.1", V311, Publish, Both, "30 09 00 07 ' a// b/'", "PUBLISH qos=0 topic=' a// b/' payload=''"),
        new("PUBLISH topic with BOM 3.1.1", V311, Publish, Both, "30 07 00 04 EF BB BF 'a' 'x'", "PUBLISH qos=0 topic=<EF BB BF 61> payload='x'"),
        new("PUBLISH topic of 65535 bytes 3.1.1", V311, Publish, Both, "30 82 80 04 FF FF 't'*65535 'x'", "PUBLISH qos=0 topic='t'*65535 payload='x'"),
        new("PUBLISH payload that looks like packets 3.1.1", V311, Publish, Both, "30 0B 00 01 'a' 10 00 C0 00 FF FF FF FF", "PUBLISH qos=0 topic='a' payload=<10 00 C0 00 FF FF FF FF>"),
        new("PUBLISH Remaining Length 127 3.1.1", V311, Publish, Both, "30 7F 00 01 'a' 'x'*124", "PUBLISH qos=0 topic='a' payload='x'*124"),
        new("PUBLISH Remaining Length 128 3.1.1", V311, Publish, Both, "30 80 01 00 01 'a' 'x'*125", "PUBLISH qos=0 topic='a' payload='x'*125"),
        new("PUBLISH Remaining Length 16383 3.1.1", V311, Publish, Both, "30 FF 7F 00 01 'a' 'x'*16380", "PUBLISH qos=0 topic='a' payload='x'*16380"),
        new("PUBLISH Remaining Length 16384 3.1.1", V311, Publish, Both, "30 80 80 01 00 01 'a' 'x'*16381", "PUBLISH qos=0 topic='a' payload='x'*16381"),
        new("PUBLISH Remaining Length 2097151 3.1.1", V311, Publish, Both, "30 FF FF 7F 00 01 'a' 'x'*2097148", "PUBLISH qos=0 topic='a' payload='x'*2097148"),
        new("PUBLISH Remaining Length 2097152 3.1.1", V311, Publish, Both, "30 80 80 80 01 00 01 'a' 'x'*2097149", "PUBLISH qos=0 topic='a' payload='x'*2097149"),
        new("PUBLISH overlong Remaining Length 3.1.1", V311, Publish, Both, "30 85 80 80 00 00 01 'a' 'hi'", "PUBLISH qos=0 topic='a' payload='hi'", "30 05 00 01 'a' 'hi'"),

        // 5.0
        new("PUBLISH QoS 0 5.0", V50, Publish, Both, "30 08 00 03 'a/b' 00 'hi'", "PUBLISH qos=0 topic='a/b' payload='hi'"),
        new("PUBLISH QoS 1 5.0", V50, Publish, Both, "32 0A 00 03 'a/b' 00 0A 00 'hi'", "PUBLISH qos=1 topic='a/b' id=10 payload='hi'"),
        new("PUBLISH QoS 2 5.0", V50, Publish, Both, "34 0A 00 03 'a/b' 00 0A 00 'hi'", "PUBLISH qos=2 topic='a/b' id=10 payload='hi'"),
        new("PUBLISH QoS 2 dup retain 5.0", V50, Publish, Both, "3D 0A 00 03 'a/b' FF FF 00 'hi'", "PUBLISH dup qos=2 retain topic='a/b' id=65535 payload='hi'"),
        new("PUBLISH empty payload 5.0", V50, Publish, Both, "31 04 00 01 'a' 00", "PUBLISH qos=0 retain topic='a' payload=''"),
        new("PUBLISH every property of a client 5.0", V50, Publish, Both, "32 31 00 01 'a' 00 01 29 01 01 02 00 00 00 0A 03 00 0A 'text/plain' 08 00 03 'r/t' 09 00 02 00 FF 23 00 01 26 00 01 'k' 00 01 'v' 'hi'", "PUBLISH qos=1 topic='a' id=1 {PayloadFormatIndicator=1 MessageExpiryInterval=10 ContentType='text/plain' ResponseTopic='r/t' CorrelationData=<00 FF> TopicAlias=1 UserProperty='k':'v'} payload='hi'"),
        new("PUBLISH every property of a server 5.0", V50, Publish, ToClient, "30 1F 00 01 'a' 1B 01 00 02 FF FF FF FF 03 00 00 08 00 01 'r' 09 00 00 0B 01 23 FF FF 26 00 00 00 00", "PUBLISH qos=0 topic='a' {PayloadFormatIndicator=0 MessageExpiryInterval=4294967295 ContentType='' ResponseTopic='r' CorrelationData='' SubscriptionIdentifier=1 TopicAlias=65535 UserProperty='':''} payload=''"),
        new("PUBLISH topic alias instead of topic 5.0", V50, Publish, Both, "30 08 00 00 03 23 00 01 'hi'", "PUBLISH qos=0 topic='' {TopicAlias=1} payload='hi'"),
        new("PUBLISH Message Expiry Interval 0 5.0", V50, Publish, Both, "30 0B 00 01 'a' 05 02 00 00 00 00 'hi'", "PUBLISH qos=0 topic='a' {MessageExpiryInterval=0} payload='hi'"),
        new("PUBLISH User Properties in order 5.0", V50, Publish, Both, "30 19 00 01 'a' 15 26 00 01 'b' 00 01 '1' 26 00 01 'a' 00 01 '2' 26 00 01 'b' 00 01 '3'", "PUBLISH qos=0 topic='a' {UserProperty='b':'1' UserProperty='a':'2' UserProperty='b':'3'} payload=''"),
        new("PUBLISH several Subscription Identifiers 5.0", V50, Publish, ToClient, "30 20 00 01 'a' 1C 0B 7F 0B 80 01 0B FF 7F 0B 80 80 01 0B FF FF 7F 0B 80 80 80 01 0B FF FF FF 7F 0B 7F", "PUBLISH qos=0 topic='a' {SubscriptionIdentifier=127 SubscriptionIdentifier=128 SubscriptionIdentifier=16383 SubscriptionIdentifier=16384 SubscriptionIdentifier=2097151 SubscriptionIdentifier=2097152 SubscriptionIdentifier=268435455 SubscriptionIdentifier=127} payload=''"),
        new("PUBLISH Correlation Data of 65535 bytes 5.0", V50, Publish, Both, "30 88 80 04 00 01 'a' 82 80 04 09 FF FF FF*65535", "PUBLISH qos=0 topic='a' {CorrelationData=<FF>*65535} payload=''"),
        new("PUBLISH topic of 65535 bytes 5.0", V50, Publish, Both, "30 83 80 04 FF FF 't'*65535 00 'x'", "PUBLISH qos=0 topic='t'*65535 payload='x'"),
        new("PUBLISH Property Length of two bytes 5.0", V50, Publish, Both, "30 D1 01 00 01 'a' CB 01 03 00 C8 'c'*200 'x'", "PUBLISH qos=0 topic='a' {ContentType='c'*200} payload='x'"),
        new("PUBLISH payload that looks like properties 5.0", V50, Publish, Both, "30 07 00 01 'a' 00 26 FF FF", "PUBLISH qos=0 topic='a' payload=<26 FF FF>"),
    ];
}
