using System.Buffers.Binary;
using Avocet.Protocol.Topics;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Properties;

/// <summary>
/// The properties of a packet as they are on the wire, without the Property Length. Borrowed from the packet; order and repetition are as
/// received, so that what is passed on stays as it was. [MQTT-3.3.2-18] Enumerate only blocks that a decoder checked or a
/// <see cref="PropertyBuilder"/> made.
/// </summary>
public readonly ref struct PropertyBlock(ReadOnlySpan<byte> encoded)
{
    /// <summary>The encoded properties.</summary>
    public ReadOnlySpan<byte> Encoded { get; } = encoded;

    public bool IsEmpty => Encoded.IsEmpty;

    public static implicit operator PropertyBlock(ReadOnlySpan<byte> encoded) => new(encoded);

    public static implicit operator PropertyBlock(byte[] encoded) => new(encoded);

    public Enumerator GetEnumerator() => new(Encoded);

    /// <summary>The first property with this identifier and an integer value.</summary>
    public bool TryGetInteger(PropertyId id, out uint value)
    {
        foreach (var property in this)
        {
            if (property.Id != id) continue;

            value = property.Integer;
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>The first property with this identifier and a string or binary value.</summary>
    public bool TryGetBytes(PropertyId id, out ReadOnlySpan<byte> value)
    {
        foreach (var property in this)
        {
            if (property.Id != id) continue;

            value = property.Bytes;
            return true;
        }

        value = default;
        return false;
    }

    public bool Contains(PropertyId id)
    {
        foreach (var property in this)
        {
            if (property.Id == id) return true;
        }

        return false;
    }

    /// <summary>Reads Property Length and properties and checks identifiers, types, repetition and values.</summary>
    internal static bool TryRead(scoped ref WireReader reader, PropertyOwner owner, out PropertyBlock block)
    {
        block = default;
        if (!reader.TryReadVarInt("Property Length", out var length)) return false;
        if (length > reader.Left) return reader.Fail(ReasonCode.MalformedPacket, "2.2.2.1 Property Length", "Property Length", "goes beyond the packet");
        if (length == 0) return true;

        var start = reader.Offset;
        var inner = new WireReader(reader.ReadBytes((int)length), start, reader.Version);
        var seen = 0UL;
        while (inner.Left > 0)
        {
            if (!TryCheckOne(ref inner, owner, ref seen)) return reader.Fail(inner.Error);
        }

        block = new PropertyBlock(reader.Since(start));
        return true;
    }

    private static bool TryCheckOne(scoped ref WireReader reader, PropertyOwner owner, ref ulong seen)
    {
        var offset = reader.Offset;
        if (!reader.TryReadByte("property identifier", out var b)) return false;

        var id = (PropertyId)b;
        if (!PropertyTable.Allows(owner, id))
        {
            return reader.Fail(ReasonCode.MalformedPacket, "2.2.2.2 Property", offset, "property identifier", "is unknown or not valid for this packet");
        }

        var bit = 1UL << b;
        var repeats = id == PropertyId.UserProperty || (id == PropertyId.SubscriptionIdentifier && owner == PropertyOwner.Publish);
        if ((seen & bit) != 0 && !repeats) return reader.Fail(ReasonCode.ProtocolError, "2.2.2.2 Property", offset, NameOf(id), "is given more than once");

        seen |= bit;
        return TryCheckValue(ref reader, id);
    }

    private static bool TryCheckValue(scoped ref WireReader reader, PropertyId id)
    {
        var name = NameOf(id);
        var offset = reader.Offset;
        switch (PropertyTable.TypeOf(id))
        {
            case PropertyType.Byte:
                if (!reader.TryReadByte(name, out var flag)) return false;

                return flag <= 1 || reader.Fail(ReasonCode.ProtocolError, "2.2.2.2 Property", offset, name, "is neither 0 nor 1");

            case PropertyType.UInt16:
                if (!reader.TryReadUInt16(name, out var number)) return false;
                if (number == 0 && id == PropertyId.ReceiveMaximum) return reader.Fail(ReasonCode.ProtocolError, "3.1.2.11.3", offset, name, "is 0");
                if (number == 0 && id == PropertyId.TopicAlias) return reader.Fail(ReasonCode.TopicAliasInvalid, "MQTT-3.3.2-8", offset, name, "is 0");

                return true;

            case PropertyType.UInt32:
                if (!reader.TryReadUInt32(name, out var large)) return false;

                return large != 0 || id != PropertyId.MaximumPacketSize || reader.Fail(ReasonCode.ProtocolError, "3.1.2.11.4", offset, name, "is 0");

            case PropertyType.VarInt:
                if (!reader.TryReadVarInt(name, out var variable)) return false;

                return variable != 0 || reader.Fail(ReasonCode.ProtocolError, "3.8.2.1.2", offset, name, "is 0");

            case PropertyType.Utf8String:
                if (!reader.TryReadString(name, out var text)) return false;

                return id != PropertyId.ResponseTopic || TopicName.IsValid(text)
                    || reader.Fail(ReasonCode.ProtocolError, "MQTT-3.3.2-14", offset, name, "is empty or has a wildcard");

            case PropertyType.BinaryData:
                return reader.TryReadBinary(name, out _);

            case PropertyType.StringPair:
                return reader.TryReadString("User Property name", out _) && reader.TryReadString("User Property value", out _);

            default:
                return reader.Fail(ReasonCode.MalformedPacket, "2.2.2.2 Property", offset, "property identifier", "is unknown");
        }
    }

    private static string NameOf(PropertyId id) => id switch
    {
        PropertyId.PayloadFormatIndicator => "Payload Format Indicator",
        PropertyId.MessageExpiryInterval => "Message Expiry Interval",
        PropertyId.ContentType => "Content Type",
        PropertyId.ResponseTopic => "Response Topic",
        PropertyId.CorrelationData => "Correlation Data",
        PropertyId.SubscriptionIdentifier => "Subscription Identifier",
        PropertyId.SessionExpiryInterval => "Session Expiry Interval",
        PropertyId.AssignedClientIdentifier => "Assigned Client Identifier",
        PropertyId.ServerKeepAlive => "Server Keep Alive",
        PropertyId.AuthenticationMethod => "Authentication Method",
        PropertyId.AuthenticationData => "Authentication Data",
        PropertyId.RequestProblemInformation => "Request Problem Information",
        PropertyId.WillDelayInterval => "Will Delay Interval",
        PropertyId.RequestResponseInformation => "Request Response Information",
        PropertyId.ResponseInformation => "Response Information",
        PropertyId.ServerReference => "Server Reference",
        PropertyId.ReasonString => "Reason String",
        PropertyId.ReceiveMaximum => "Receive Maximum",
        PropertyId.TopicAliasMaximum => "Topic Alias Maximum",
        PropertyId.TopicAlias => "Topic Alias",
        PropertyId.MaximumQos => "Maximum QoS",
        PropertyId.RetainAvailable => "Retain Available",
        PropertyId.UserProperty => "User Property",
        PropertyId.MaximumPacketSize => "Maximum Packet Size",
        PropertyId.WildcardSubscriptionAvailable => "Wildcard Subscription Available",
        PropertyId.SubscriptionIdentifierAvailable => "Subscription Identifier Available",
        PropertyId.SharedSubscriptionAvailable => "Shared Subscription Available",
        _ => "property",
    };

    /// <summary>Walks a checked block.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> encoded)
    {
        private ReadOnlySpan<byte> _rest = encoded;

        public Property Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;

            var id = (PropertyId)_rest[0];
            var value = _rest[1..];
            uint integer = 0;
            ReadOnlySpan<byte> bytes = default, pairValue = default;
            int size;
            switch (PropertyTable.TypeOf(id))
            {
                case PropertyType.Byte:
                    integer = value[0];
                    size = 1;
                    break;

                case PropertyType.UInt16:
                    integer = BinaryPrimitives.ReadUInt16BigEndian(value);
                    size = 2;
                    break;

                case PropertyType.UInt32:
                    integer = BinaryPrimitives.ReadUInt32BigEndian(value);
                    size = 4;
                    break;

                case PropertyType.VarInt:
                    VarInt.TryRead(value, out integer, out size);
                    break;

                case PropertyType.StringPair:
                    bytes = ReadBinary(value);
                    pairValue = ReadBinary(value[(2 + bytes.Length)..]);
                    size = 4 + bytes.Length + pairValue.Length;
                    break;

                default:
                    bytes = ReadBinary(value);
                    size = 2 + bytes.Length;
                    break;
            }

            Current = new Property { Id = id, Integer = integer, Bytes = bytes, PairValue = pairValue, Encoded = _rest[..(1 + size)] };
            _rest = _rest[(1 + size)..];
            return true;
        }

        private static ReadOnlySpan<byte> ReadBinary(ReadOnlySpan<byte> value) => value.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(value));
    }
}
