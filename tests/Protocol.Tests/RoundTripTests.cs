using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using CsCheck;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>Whatever is encoded decodes to the same, in every version; order and repetition of properties are kept.</summary>
public class RoundTripTests
{
    private const long Samples = 2_000;

    [Fact]
    public void Connect()
    {
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Connect").Select(WithMethod)
            from willProperties in Generators.Properties(version, "Will")
            from flags in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool, Gen.Bool)
            from keepAlive in Gen.UShort
            from qos in Generators.Qos
            from texts in Gen.Select(Generators.Text, Generators.TopicName, Generators.Binary, Generators.Text, Generators.Binary)
            select (version, properties, willProperties, flags, keepAlive, qos, texts);

        packets.Sample(row =>
        {
            var (isClean, hasWill, isRetained, hasUserName, hasPassword) = row.flags;
            hasPassword &= hasUserName || row.version == ProtocolVersion.V50;
            var packet = new ConnectPacket
            {
                Version = row.version,
                CleanStart = isClean,
                KeepAliveSeconds = row.keepAlive,
                Properties = Generators.Encode(row.properties),
                ClientId = row.texts.Item1,
                HasWill = hasWill,
                WillQos = row.qos,
                WillRetain = isRetained,
                WillProperties = Generators.Encode(row.willProperties),
                WillTopic = row.texts.Item2,
                WillPayload = row.texts.Item3,
                HasUserName = hasUserName,
                UserName = row.texts.Item4,
                HasPassword = hasPassword,
                Password = row.texts.Item5,
            };
            var bytes = new byte[packet.GetEncodedSize()];
            Assert.Equal(bytes.Length, packet.Encode(bytes));

            var body = BodyOf(bytes, out var header);
            Assert.True(ConnectPacket.TryDecode(header, body, out var decoded, out var error), error.ToString());
            Assert.Equal((row.version, isClean, row.keepAlive), (decoded.Version, decoded.CleanStart, decoded.KeepAliveSeconds));
            AssertSame(row.properties, decoded.Properties);
            AssertSame(row.texts.Item1, decoded.ClientId);
            Assert.Equal((hasWill, hasUserName, hasPassword), (decoded.HasWill, decoded.HasUserName, decoded.HasPassword));
            Assert.Equal(hasWill ? (row.qos, isRetained) : default, (decoded.WillQos, decoded.WillRetain));
            AssertSame(hasWill ? row.willProperties : [], decoded.WillProperties);
            AssertSame(hasWill ? row.texts.Item2 : [], decoded.WillTopic);
            AssertSame(hasWill ? row.texts.Item3 : [], decoded.WillPayload);
            AssertSame(hasUserName ? row.texts.Item4 : [], decoded.UserName);
            AssertSame(hasPassword ? row.texts.Item5 : [], decoded.Password);
        }, iter: Samples);
    }

    [Fact]
    public void Connack()
    {
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Connack")
            from isPresent in Gen.Bool
            from code in version == ProtocolVersion.V50 ? Gen.OneOf(SpecificationTables.ReasonCodes[PacketType.Connack]) : Gen.Byte[0, 5]
            select (version, properties, isPresent, code);

        packets.Sample(row =>
        {
            var packet = new ConnackPacket { SessionPresent = row.isPresent, Code = row.code, Properties = Generators.Encode(row.properties) };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(ConnackPacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((row.isPresent && row.version != ProtocolVersion.V31, row.code), (decoded.SessionPresent, decoded.Code));
            AssertSame(row.properties, decoded.Properties);
        }, iter: Samples);
    }

    [Fact]
    public void Publish()
    {
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Publish")
            from qos in Generators.Qos
            from flags in Gen.Select(Gen.Bool, Gen.Bool)
            from packetId in Generators.PacketId
            from topicName in Generators.TopicName
            from payload in Gen.Byte.Array[0, 300]
            select (version, properties, qos, flags, packetId, topicName, payload);

        packets.Sample(row =>
        {
            var hasId = row.qos != Qos.AtMostOnce;
            var isDup = row.flags.Item1 && hasId;
            var mayOmitTopic = row.properties.Any(property => property.Id == PropertyId.TopicAlias);
            var topicName = mayOmitTopic && row.flags.Item2 ? [] : row.topicName;
            var packet = new PublishPacket
            {
                Dup = isDup,
                Qos = row.qos,
                Retain = row.flags.Item2,
                TopicName = topicName,
                PacketId = row.packetId,
                Properties = Generators.Encode(row.properties),
                Payload = row.payload,
            };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(PublishPacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((isDup, row.qos, row.flags.Item2), (decoded.Dup, decoded.Qos, decoded.Retain));
            Assert.Equal(hasId ? row.packetId : 0, decoded.PacketId);
            AssertSame(topicName, decoded.TopicName);
            AssertSame(row.properties, decoded.Properties);
            AssertSame(row.payload, decoded.Payload);
        }, iter: Samples);
    }

    [Fact]
    public void Puback_pubrec_pubrel_and_pubcomp()
    {
        var packets =
            from version in Generators.Version
            from type in Gen.OneOf(PacketType.Puback, PacketType.Pubrec, PacketType.Pubrel, PacketType.Pubcomp)
            from properties in Generators.Properties(version, type.ToString())
            from packetId in Generators.PacketId
            from reason in version == ProtocolVersion.V50 ? Gen.OneOf(SpecificationTables.ReasonCodes[type]) : Gen.Const((byte)0)
            select (version, type, properties, packetId, reason: (ReasonCode)reason);

        packets.Sample(row =>
        {
            var packet = new AcknowledgementPacket { Type = row.type, PacketId = row.packetId, Reason = row.reason, Properties = Generators.Encode(row.properties) };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(AcknowledgementPacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((row.type, row.packetId, row.reason), (decoded.Type, decoded.PacketId, decoded.Reason));
            AssertSame(row.properties, decoded.Properties);
        }, iter: Samples);
    }

    [Fact]
    public void Subscribe()
    {
        var options = Gen.Select(Generators.Qos, Gen.Bool, Gen.Bool, Gen.OneOf(RetainHandling.SendAtSubscribe, RetainHandling.SendIfNewSubscription, RetainHandling.DoNotSend));
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Subscribe")
            from packetId in Generators.PacketId
            from filters in Gen.Select(Generators.Text, options).Array[1, 8]
            select (version, properties, packetId, filters);

        packets.Sample(row =>
        {
            var isV5 = row.version == ProtocolVersion.V50;
            var expected = row.filters.Select(filter => (filter.Item1, isV5
                ? new SubscriptionOptions(filter.Item2.Item1, filter.Item2.Item2, filter.Item2.Item3, filter.Item2.Item4)
                : new SubscriptionOptions(filter.Item2.Item1, false, false, RetainHandling.SendAtSubscribe))).ToArray();
            var packet = new SubscribePacket
            {
                PacketId = row.packetId,
                Properties = Generators.Encode(row.properties),
                Payload = expected.SelectMany(request => (byte[])[.. Prefixed(request.Item1), request.Item2.Encoded]).ToArray(),
            };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(SubscribePacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((row.packetId, expected.Length), (decoded.PacketId, decoded.Count));
            AssertSame(row.properties, decoded.Properties);
            var index = 0;
            foreach (var request in decoded)
            {
                AssertSame(expected[index].Item1, request.TopicFilter);
                Assert.Equal(expected[index++].Item2, request.Options);
            }

            Assert.Equal(expected.Length, index);
        }, iter: Samples);
    }

    [Fact]
    public void Unsubscribe()
    {
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Unsubscribe")
            from packetId in Generators.PacketId
            from filters in Generators.Text.Array[1, 8]
            select (version, properties, packetId, filters);

        packets.Sample(row =>
        {
            var packet = new UnsubscribePacket
            {
                PacketId = row.packetId,
                Properties = Generators.Encode(row.properties),
                Payload = row.filters.SelectMany(Prefixed).ToArray(),
            };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(UnsubscribePacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((row.packetId, row.filters.Length), (decoded.PacketId, decoded.Count));
            AssertSame(row.properties, decoded.Properties);
            var index = 0;
            foreach (var filter in decoded) AssertSame(row.filters[index++], filter);
            Assert.Equal(row.filters.Length, index);
        }, iter: Samples);
    }

    [Fact]
    public void Suback_and_unsuback()
    {
        var packets =
            from version in Generators.Version
            from type in Gen.OneOf(PacketType.Suback, PacketType.Unsuback)
            from properties in Generators.Properties(version, type.ToString())
            from packetId in Generators.PacketId
            from codes in Gen.OneOf(version == ProtocolVersion.V50 ? SpecificationTables.ReasonCodes[type] : [0x00, 0x01, 0x02, 0x80]).Array[1, 20]
            select (version, type, properties, packetId, codes);

        packets.Sample(row =>
        {
            var packet = new SubscriptionAcknowledgementPacket
            {
                Type = row.type,
                PacketId = row.packetId,
                Properties = Generators.Encode(row.properties),
                ReasonCodes = row.codes,
            };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(SubscriptionAcknowledgementPacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal((row.type, row.packetId), (decoded.Type, decoded.PacketId));
            AssertSame(row.properties, decoded.Properties);
            AssertSame(row.type == PacketType.Unsuback && row.version != ProtocolVersion.V50 ? [] : row.codes, decoded.ReasonCodes);
        }, iter: Samples);
    }

    [Fact]
    public void Disconnect()
    {
        var packets =
            from version in Generators.Version
            from properties in Generators.Properties(version, "Disconnect")
            from reason in version == ProtocolVersion.V50 ? Gen.OneOf(SpecificationTables.ReasonCodes[PacketType.Disconnect]) : Gen.Const((byte)0)
            select (version, properties, reason: (ReasonCode)reason);

        packets.Sample(row =>
        {
            var packet = new DisconnectPacket { Reason = row.reason, Properties = Generators.Encode(row.properties) };
            var bytes = new byte[packet.GetEncodedSize(row.version)];
            Assert.Equal(bytes.Length, packet.Encode(bytes, row.version));

            var body = BodyOf(bytes, out var header);
            Assert.True(DisconnectPacket.TryDecode(header, body, row.version, out var decoded, out var error), error.ToString());
            Assert.Equal(row.reason, decoded.Reason);
            AssertSame(row.properties, decoded.Properties);
        }, iter: Samples);
    }

    [Fact]
    public void Auth()
    {
        var packets = Gen.Select(
            Generators.Properties(ProtocolVersion.V50, "Auth").Select(WithMethod), Gen.OneOf(SpecificationTables.ReasonCodes[PacketType.Auth]));

        packets.Sample((properties, reason) =>
        {
            // The empty success is the only AUTH without a method.
            PropertyModel[] models = properties.Length == 0 && reason != 0 ? [Method] : properties;
            var packet = new AuthPacket { Reason = (ReasonCode)reason, Properties = Generators.Encode(models) };
            var bytes = new byte[packet.GetEncodedSize()];
            Assert.Equal(bytes.Length, packet.Encode(bytes));

            var body = BodyOf(bytes, out var header);
            Assert.True(AuthPacket.TryDecode(header, body, ProtocolVersion.V50, out var decoded, out var error), error.ToString());
            Assert.Equal((ReasonCode)reason, decoded.Reason);
            AssertSame(models, decoded.Properties);
        }, iter: Samples);
    }

    private static PropertyModel Method => new(PropertyId.AuthenticationMethod, 0, "m"u8.ToArray(), []);

    // Data, and in AUTH anything else, needs a method.
    private static PropertyModel[] WithMethod(PropertyModel[] properties)
    {
        var needsMethod = properties.Length > 0 && !properties.Any(property => property.Id == PropertyId.AuthenticationMethod);
        return needsMethod ? [.. properties, Method] : properties;
    }

    private static byte[] Prefixed(byte[] text) => [(byte)(text.Length >> 8), (byte)text.Length, .. text];

    private static ReadOnlySpan<byte> BodyOf(byte[] bytes, out FixedHeader header)
    {
        Assert.Equal(DecodeStatus.Done, FixedHeader.TryRead(bytes, out header));
        Assert.Equal(bytes.Length, header.PacketSize);
        return bytes.AsSpan(header.Size);
    }

    private static void AssertSame(byte[] expected, ReadOnlySpan<byte> actual) => Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(actual));

    private static void AssertSame(PropertyModel[] expected, PropertyBlock actual)
    {
        var decoded = new List<PropertyModel>();
        foreach (var property in actual) decoded.Add(new PropertyModel(property.Id, property.Integer, property.Bytes.ToArray(), property.PairValue.ToArray()));
        Assert.Equal(expected.Select(property => property.ToString()), decoded.Select(property => property.ToString()));
    }
}
