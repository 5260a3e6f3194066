using System.Text;
using Avocet.Protocol.Properties;
using CsCheck;

namespace Avocet.Protocol.Tests;

/// <summary>A property as a test made it.</summary>
internal sealed record PropertyModel(PropertyId Id, uint Integer, byte[] Bytes, byte[] PairValue)
{
    public override string ToString() => $"{Id}={Integer} {Convert.ToHexString(Bytes)} {Convert.ToHexString(PairValue)}";
}

/// <summary>Generators of fields and properties that the wire format allows.</summary>
internal static class Generators
{
    public static Gen<ProtocolVersion> Version { get; } = Gen.OneOf(ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V50);

    public static Gen<Qos> Qos { get; } = Gen.OneOf(Protocol.Qos.AtMostOnce, Protocol.Qos.AtLeastOnce, Protocol.Qos.ExactlyOnce);

    public static Gen<ushort> PacketId { get; } = Gen.UShort[1, ushort.MaxValue];

    public static Gen<byte[]> Binary { get; } = Gen.Byte.Array[0, 20];

    /// <summary>Well-formed UTF-8 from all planes, without U+0000.</summary>
    public static Gen<byte[]> Text { get; } =
        Gen.OneOf(Gen.Int[1, 0x7F], Gen.Int[0x80, 0x7FF], Gen.Int[0x800, 0xD7FF], Gen.Int[0xE000, 0xFFFF], Gen.Int[0x10000, 0x10FFFF])
            .Array[0, 12].Select(points => Encoding.UTF8.GetBytes(string.Concat(points.Select(char.ConvertFromUtf32))));

    public static Gen<byte[]> TopicName { get; } = Text.Where(text => text.Length > 0 && !text.Contains((byte)'+') && !text.Contains((byte)'#'));

    /// <summary>Properties a packet may carry in 5.0, in any order, repeated where that is allowed; none before.</summary>
    public static Gen<PropertyModel[]> Properties(ProtocolVersion version, string owner)
    {
        if (version != ProtocolVersion.V50) return Gen.Const(Array.Empty<PropertyModel>());

        var drawn = SpecificationTables.AllowedProperties[owner].Select(id =>
        {
            var timesMax = id == 0x26 || (id == 0x0B && owner == "Publish") ? 3 : 1;
            return Gen.Select(Gen.Int, Property((PropertyId)id)).Array[0, timesMax];
        }).ToArray();
        return Gen.Int[0, 3].SelectMany(rarity => Together(drawn).Select(all =>
            all.Where(row => rarity == 0 || row.Item1 % (rarity * 2) == 0).OrderBy(row => row.Item1).Select(row => row.Item2).ToArray()));
    }

    public static byte[] Encode(IEnumerable<PropertyModel> properties)
    {
        var builder = new PropertyBuilder();
        foreach (var property in properties)
        {
            _ = PropertyTable.TypeOf(property.Id) switch
            {
                PropertyType.StringPair => builder.AddUserProperty(property.Bytes, property.PairValue),
                PropertyType.Utf8String or PropertyType.BinaryData => builder.Add(property.Id, property.Bytes),
                _ => builder.Add(property.Id, property.Integer),
            };
        }

        return builder.ToArray();
    }

    private static Gen<PropertyModel> Property(PropertyId id)
    {
        var isNotZero = id is PropertyId.ReceiveMaximum or PropertyId.TopicAlias or PropertyId.MaximumPacketSize;
        return PropertyTable.TypeOf(id) switch
        {
            PropertyType.Byte => Integer(Gen.UInt[0, 1]),
            PropertyType.UInt16 => Integer(Gen.UInt[isNotZero ? 1u : 0u, ushort.MaxValue]),
            PropertyType.UInt32 => Integer(Gen.UInt[isNotZero ? 1u : 0u, uint.MaxValue]),
            PropertyType.VarInt => Integer(Gen.UInt[1, Limits.SubscriptionIdMax]),
            PropertyType.BinaryData => Binary.Select(bytes => new PropertyModel(id, 0, bytes, [])),
            PropertyType.StringPair => Gen.Select(Text, Text, (name, value) => new PropertyModel(id, 0, name, value)),
            _ => (id == PropertyId.ResponseTopic ? TopicName : Text).Select(bytes => new PropertyModel(id, 0, bytes, [])),
        };

        Gen<PropertyModel> Integer(Gen<uint> values) => values.Select(value => new PropertyModel(id, value, [], []));
    }

    private static Gen<T[]> Together<T>(Gen<T[]>[] parts)
    {
        return parts.Aggregate(Gen.Const(Array.Empty<T>()), (all, part) => Gen.Select(all, part, (left, right) => (T[])[.. left, .. right]));
    }
}
