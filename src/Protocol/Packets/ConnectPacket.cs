using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Packets;

/// <summary>A CONNECT. Borrowed: dead once the buffer it was decoded from is reused.</summary>
public readonly ref struct ConnectPacket
{
    private const byte UserNameFlag = 0x80, PasswordFlag = 0x40, WillRetainFlag = 0x20, WillFlag = 0x04, CleanStartFlag = 0x02, ReservedFlag = 0x01;

    public required ProtocolVersion Version { get; init; }

    /// <summary>Clean Start; Clean Session before 5.0.</summary>
    public bool CleanStart { get; init; }

    /// <summary>Seconds; 0 turns keep alive off.</summary>
    public ushort KeepAliveSeconds { get; init; }

    public PropertyBlock Properties { get; init; }

    public ReadOnlySpan<byte> ClientId { get; init; }

    public bool HasWill { get; init; }

    public Qos WillQos { get; init; }

    public bool WillRetain { get; init; }

    public PropertyBlock WillProperties { get; init; }

    public ReadOnlySpan<byte> WillTopic { get; init; }

    public ReadOnlySpan<byte> WillPayload { get; init; }

    public bool HasUserName { get; init; }

    public ReadOnlySpan<byte> UserName { get; init; }

    public bool HasPassword { get; init; }

    public ReadOnlySpan<byte> Password { get; init; }

    private ReadOnlySpan<byte> ProtocolName => Version == ProtocolVersion.V31 ? "MQIsdp"u8 : "MQTT"u8;

    /// <summary>
    /// Decodes a CONNECT. On a fault, <paramref name="packet"/> still tells the version if it was read, so that the refusal can be written in it.
    /// A fault with reason <see cref="ReasonCode.UnsupportedProtocolVersion"/> is the only one that 3.x answers with CONNACK. [3.1.1 MQTT-3.1.4-1]
    /// </summary>
    public static bool TryDecode(in FixedHeader header, ReadOnlySpan<byte> body, out ConnectPacket packet, out DecodeError error)
    {
        packet = new ConnectPacket { Version = ProtocolVersion.None };
        var reader = new WireReader(body, header.Size, ProtocolVersion.None);
        if (!TryReadVersion(ref reader, out var version))
        {
            error = reader.Error;
            return false;
        }

        packet = new ConnectPacket { Version = version };
        if (!header.TryCheckFlags(version, out error)) return false;

        reader = new WireReader(body[(reader.Offset - header.Size)..], reader.Offset, version);
        if (TryReadRest(ref reader, out var decoded))
        {
            packet = decoded;
            return true;
        }

        error = reader.Error;
        return false;
    }

    private static bool TryReadVersion(scoped ref WireReader reader, out ProtocolVersion version)
    {
        version = ProtocolVersion.None;
        var offset = reader.Offset;
        if (!reader.TryReadBinary("protocol name", out var name)) return false;

        var isMqtt = name.SequenceEqual("MQTT"u8);
        if (!isMqtt && !name.SequenceEqual("MQIsdp"u8)) return reader.Fail(ReasonCode.MalformedPacket, "MQTT-3.1.2-1", offset, "protocol name", "is neither MQTT nor MQIsdp");
        if (!reader.TryReadByte("protocol level", out var level)) return false;

        var isKnown = isMqtt ? level is 4 or 5 : level == 3;
        if (!isKnown) return reader.Fail(ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-2", reader.Offset - 1, "protocol level", "is not supported");

        version = (ProtocolVersion)level;
        return true;
    }

    private static bool TryReadRest(scoped ref WireReader reader, out ConnectPacket packet)
    {
        packet = default;
        var version = reader.Version;
        var flagsOffset = reader.Offset;
        if (!reader.TryReadByte("connect flags", out var flags) || !TryCheckFlags(ref reader, flags, flagsOffset)) return false;
        if (!reader.TryReadUInt16("keep alive", out var keepAlive)) return false;

        PropertyBlock properties = default, willProperties = default;
        if (version == ProtocolVersion.V50 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Connect, out properties)) return false;
        if (version == ProtocolVersion.V50 && properties.Contains(PropertyId.AuthenticationData) && !properties.Contains(PropertyId.AuthenticationMethod))
        {
            return reader.Fail(ReasonCode.ProtocolError, "3.1.2.11.10", "Authentication Data", "is given without Authentication Method");
        }

        if (!reader.TryReadString("client identifier", out var clientId)) return false;

        ReadOnlySpan<byte> willTopic = default, willPayload = default, userName = default, password = default;
        var hasWill = (flags & WillFlag) != 0;
        if (hasWill)
        {
            if (version == ProtocolVersion.V50 && !PropertyBlock.TryRead(ref reader, PropertyOwner.Will, out willProperties)) return false;
            if (!reader.TryReadString("will topic", out willTopic)) return false;
            if (!TryCheckWillTopic(ref reader, willTopic)) return false;
            if (!reader.TryReadBinary("will payload", out willPayload)) return false;
        }

        // In MQTT 3.1 the Remaining Length decides whether a flagged user name or password is there.
        var hasUserName = (flags & UserNameFlag) != 0 && (version != ProtocolVersion.V31 || reader.Left > 0);
        if (hasUserName && !reader.TryReadString("user name", out userName)) return false;

        var hasPassword = (flags & PasswordFlag) != 0 && (version != ProtocolVersion.V31 || reader.Left > 0);
        if (hasPassword && !reader.TryReadBinary("password", out password)) return false;
        if (!reader.TryEnd("CONNECT")) return false;

        packet = new ConnectPacket
        {
            Version = version,
            CleanStart = (flags & CleanStartFlag) != 0,
            KeepAliveSeconds = keepAlive,
            Properties = properties,
            ClientId = clientId,
            HasWill = hasWill,
            WillQos = (Qos)((flags >> 3) & 0x03),
            WillRetain = (flags & WillRetainFlag) != 0,
            WillProperties = willProperties,
            WillTopic = willTopic,
            WillPayload = willPayload,
            HasUserName = hasUserName,
            UserName = userName,
            HasPassword = hasPassword,
            Password = password,
        };
        return true;
    }

    private static bool TryCheckWillTopic(scoped ref WireReader reader, ReadOnlySpan<byte> topic)
    {
        const string Field = "will topic";
        var isV5 = reader.Version == ProtocolVersion.V50;
        var offset = reader.Offset - topic.Length;
        if (topic.IsEmpty) return reader.Fail(ReasonCode.TopicNameInvalid, isV5 ? "MQTT-4.7.3-1" : "3.1.1 MQTT-4.7.3-1", offset, Field, "is empty");

        var wildcard = TopicName.IndexOfWildcard(topic);
        return wildcard < 0
            || reader.Fail(ReasonCode.TopicNameInvalid, isV5 ? "MQTT-4.7.0-1" : "3.1.1 MQTT-4.7.1-1", offset + wildcard, Field, "has a wildcard, which belongs in topic filters");
    }

    private static bool TryCheckFlags(scoped ref WireReader reader, byte flags, int offset)
    {
        var isV5 = reader.Version == ProtocolVersion.V50;
        if ((flags & ReservedFlag) != 0 && reader.Version != ProtocolVersion.V31)
        {
            return reader.Fail(ReasonCode.MalformedPacket, "MQTT-3.1.2-3", offset, "reserved connect flag", "is 1");
        }

        var willQos = (flags >> 3) & 0x03;
        if (willQos == 3) return reader.Fail(ReasonCode.MalformedPacket, isV5 ? "MQTT-3.1.2-12" : "3.1.1 MQTT-3.1.2-14", offset, "will QoS", "is 3");
        if ((flags & WillFlag) == 0 && willQos != 0)
        {
            return reader.Fail(ReasonCode.MalformedPacket, isV5 ? "MQTT-3.1.2-11" : "3.1.1 MQTT-3.1.2-13", offset, "will QoS", "is set without a will");
        }

        if ((flags & WillFlag) == 0 && (flags & WillRetainFlag) != 0)
        {
            return reader.Fail(ReasonCode.MalformedPacket, isV5 ? "MQTT-3.1.2-13" : "3.1.1 MQTT-3.1.2-15", offset, "will retain", "is set without a will");
        }

        if (!isV5 && (flags & PasswordFlag) != 0 && (flags & UserNameFlag) == 0)
        {
            return reader.Fail(ReasonCode.MalformedPacket, "3.1.1 MQTT-3.1.2-22", offset, "password flag", "is set without the user name flag");
        }

        return true;
    }

    public int GetEncodedSize() => PacketSize.Of(GetRemainingLength());

    /// <summary>Writes the packet and returns its size.</summary>
    public int Encode(Span<byte> destination)
    {
        var writer = new WireWriter(destination);
        writer.WriteFixedHeader(PacketType.Connect, 0, GetRemainingLength());
        writer.WriteBinary(ProtocolName);
        writer.WriteByte((byte)Version);
        writer.WriteByte(GetFlags());
        writer.WriteUInt16(KeepAliveSeconds);
        writer.WriteProperties(Properties, Version);
        writer.WriteBinary(ClientId);
        if (HasWill)
        {
            writer.WriteProperties(WillProperties, Version);
            writer.WriteBinary(WillTopic);
            writer.WriteBinary(WillPayload);
        }

        if (HasUserName) writer.WriteBinary(UserName);
        if (HasPassword) writer.WriteBinary(Password);
        return writer.Position;
    }

    private int GetRemainingLength()
    {
        var length = WireWriter.SizeOf(ProtocolName) + 4 + PacketSize.OfProperties(Properties.Encoded, Version) + WireWriter.SizeOf(ClientId);
        if (HasWill) length += PacketSize.OfProperties(WillProperties.Encoded, Version) + WireWriter.SizeOf(WillTopic) + WireWriter.SizeOf(WillPayload);
        if (HasUserName) length += WireWriter.SizeOf(UserName);
        if (HasPassword) length += WireWriter.SizeOf(Password);
        return length;
    }

    private byte GetFlags()
    {
        var flags = 0;
        if (HasUserName) flags |= UserNameFlag;
        if (HasPassword) flags |= PasswordFlag;
        if (HasWill) flags |= WillFlag | ((int)WillQos << 3) | (WillRetain ? WillRetainFlag : 0);
        if (CleanStart) flags |= CleanStartFlag;
        return (byte)flags;
    }
}
