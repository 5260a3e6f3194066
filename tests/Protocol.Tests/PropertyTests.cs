using System.Text;
using Avocet.Protocol.Properties;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

public class PropertyTests
{
    private static readonly Dictionary<string, (string Before, string After, string Needed)> Frames = new()
    {
        ["Connect"] = ("10 @ 00 04 'MQTT' 05 02 00 00", "00 01 'a'", "15 00 01 'm'"),
        ["Will"] = ("10 @ 00 04 'MQTT' 05 06 00 00 00 00 01 'a'", "00 01 'w' 00 00", ""),
        ["Connack"] = ("20 @ 00 00", "", ""),
        ["Publish"] = ("30 @ 00 01 'a'", "", ""),
        ["Puback"] = ("40 @ 00 01 00", "", ""),
        ["Pubrec"] = ("50 @ 00 01 00", "", ""),
        ["Pubrel"] = ("62 @ 00 01 00", "", ""),
        ["Pubcomp"] = ("70 @ 00 01 00", "", ""),
        ["Subscribe"] = ("82 @ 00 01", "00 01 'a' 00", ""),
        ["Suback"] = ("90 @ 00 01", "00", ""),
        ["Unsubscribe"] = ("A2 @ 00 01", "00 01 'a'", ""),
        ["Unsuback"] = ("B0 @ 00 01", "00", ""),
        ["Disconnect"] = ("E0 @ 00", "", ""),
        ["Auth"] = ("F0 @ 18", "", "15 00 01 'm'"),
    };

    public static TheoryData<string> Owners => [.. Frames.Keys];

    [Theory, MemberData(nameof(Owners))]
    public void Packet_takes_the_properties_of_its_table(string owner)
    {
        var allowed = SpecificationTables.AllowedProperties[owner];
        for (var id = 0; id < 256; id++)
        {
            var value = SpecificationTables.PropertyValues.GetValueOrDefault((byte)id, "00 00 00 00 00 00");
            var isAccepted = AnyPacket.TryDecode(PacketWith(owner, (byte)id, $"{id:X2} {value}"), ProtocolVersion.V50, out var error);

            Assert.True(allowed.Contains((byte)id) == isAccepted, $"{owner} 0x{id:X2}: {error}");
            if (!isAccepted) Assert.Equal((ReasonCode.MalformedPacket, "2.2.2.2 Property"), (error.Reason, error.Rule));
        }
    }

    [Theory, MemberData(nameof(Owners))]
    public void Packet_takes_a_property_once_unless_it_may_repeat(string owner)
    {
        foreach (var id in SpecificationTables.AllowedProperties[owner])
        {
            var one = $"{id:X2} {SpecificationTables.PropertyValues[id]}";
            var isAccepted = AnyPacket.TryDecode(PacketWith(owner, id, $"{one} {one}"), ProtocolVersion.V50, out var error);

            Assert.True((id == 0x26 || (id == 0x0B && owner == "Publish")) == isAccepted, $"{owner} 0x{id:X2}: {error}");
            if (!isAccepted) Assert.Equal(ReasonCode.ProtocolError, error.Reason);
        }
    }

    [Theory, MemberData(nameof(Owners))]
    public void Property_cut_anywhere_is_malformed(string owner)
    {
        foreach (var id in SpecificationTables.AllowedProperties[owner])
        {
            byte[] property = [id, .. Hex.Parse(SpecificationTables.PropertyValues[id])];
            for (var length = 1; length < property.Length; length++)
            {
                var packet = PacketWith(owner, id, Hex.Format(property.AsSpan(0, length)));

                Assert.False(AnyPacket.TryDecode(packet, ProtocolVersion.V50, out var error), $"{owner} 0x{id:X2} cut to {length}");
                Assert.Equal(ReasonCode.MalformedPacket, error.Reason);
            }
        }
    }

    [Fact]
    public void Types_are_those_of_the_table()
    {
        for (var id = 0; id < 256; id++)
        {
            var expected = id switch
            {
                0x01 or 0x17 or 0x19 or 0x24 or 0x25 or 0x28 or 0x29 or 0x2A => PropertyType.Byte,
                0x13 or 0x21 or 0x22 or 0x23 => PropertyType.UInt16,
                0x02 or 0x11 or 0x18 or 0x27 => PropertyType.UInt32,
                0x0B => PropertyType.VarInt,
                0x03 or 0x08 or 0x12 or 0x15 or 0x1A or 0x1C or 0x1F => PropertyType.Utf8String,
                0x09 or 0x16 => PropertyType.BinaryData,
                0x26 => PropertyType.StringPair,
                _ => PropertyType.Unknown,
            };

            Assert.Equal(expected, PropertyTable.TypeOf((PropertyId)id));
            Assert.Equal(expected != PropertyType.Unknown, Enum.IsDefined((PropertyId)id));
        }
    }

    [Fact]
    public void Builder_writes_properties_in_order()
    {
        var builder = new PropertyBuilder()
            .Add(PropertyId.TopicAliasMaximum, 10)
            .Add(PropertyId.MaximumQos, 1)
            .Add(PropertyId.SessionExpiryInterval, 0xFFFFFFFF)
            .Add(PropertyId.SubscriptionIdentifier, 128)
            .Add(PropertyId.ReasonString, "é")
            .Add(PropertyId.CorrelationData, [0, 255])
            .AddUserProperty("k", "v")
            .AddUserProperty("", "");

        Assert.Equal(
            "22 00 0A 24 01 11 FF FF FF FF 0B 80 01 1F 00 02 C3 A9 09 00 02 00 FF 26 00 01 6B 00 01 76 26 00 00 00 00", Hex.Format(builder.Encoded));
        Assert.Equal(builder.Encoded.ToArray(), builder.ToArray());

        builder.Clear();
        Assert.True(builder.Encoded.IsEmpty);
    }

    [Fact]
    public void Builder_grows_as_needed()
    {
        var builder = new PropertyBuilder();
        var value = new byte[Limits.StringSizeMax];
        for (var i = 0; i < 10; i++) builder.AddUserProperty(value, value);

        Assert.Equal(10 * (5 + (2 * Limits.StringSizeMax)), builder.Encoded.Length);
    }

    [Fact]
    public void Builder_refuses_what_does_not_fit()
    {
        var builder = new PropertyBuilder();

        Assert.Throws<OverflowException>(() => builder.Add(PropertyId.MaximumQos, 256));
        Assert.Throws<OverflowException>(() => builder.Add(PropertyId.TopicAlias, 65_536));
        Assert.Throws<OverflowException>(() => builder.Add(PropertyId.SubscriptionIdentifier, Limits.SubscriptionIdMax + 1));
        Assert.Throws<ArgumentException>(() => builder.Add(PropertyId.ReasonString, 1));
        Assert.Throws<ArgumentException>(() => builder.Add(PropertyId.UserProperty, "a"));
        Assert.Throws<ArgumentException>(() => builder.Add(PropertyId.TopicAlias, "a"));
        Assert.Throws<ArgumentException>(() => builder.Add(PropertyId.ReasonString, new string('a', 65_536)));
        Assert.Throws<ArgumentException>(() => builder.AddUserProperty(new string('a', 65_536), ""));
        Assert.Throws<ArgumentException>(() => builder.AddUserProperty("", new string('a', 65_536)));
        Assert.True(builder.Encoded.IsEmpty);
    }

    [Fact]
    public void Block_finds_the_first_of_an_identifier()
    {
        PropertyBlock block = Hex.Parse("0B 05 0B 06 26 00 01 'k' 00 01 'v' 03 00 01 'c' 02 00 00 00 07");

        Assert.True(block.TryGetInteger(PropertyId.SubscriptionIdentifier, out var id));
        Assert.Equal(5u, id);
        Assert.True(block.TryGetInteger(PropertyId.MessageExpiryInterval, out var seconds));
        Assert.Equal(7u, seconds);
        Assert.True(block.TryGetBytes(PropertyId.ContentType, out var contentType));
        Assert.Equal("c", Encoding.UTF8.GetString(contentType));
        Assert.True(block.Contains(PropertyId.UserProperty));
        Assert.False(block.Contains(PropertyId.TopicAlias));
        Assert.False(block.TryGetInteger(PropertyId.TopicAlias, out _));
        Assert.False(block.TryGetBytes(PropertyId.ResponseTopic, out _));
    }

    [Fact]
    public void Block_hands_out_each_property_as_encoded()
    {
        var encoded = Hex.Parse("01 01 23 00 07 02 00 00 00 08 0B FF 7F 03 00 01 'c' 09 00 00 26 00 01 'k' 00 01 'v'");
        var parts = new List<string>();
        foreach (var property in new PropertyBlock(encoded)) parts.Add(Hex.Format(property.Encoded));

        Assert.Equal(["01 01", "23 00 07", "02 00 00 00 08", "0B FF 7F", "03 00 01 63", "09 00 00", "26 00 01 6B 00 01 76"], parts);
    }

    // CONNECT and AUTH need a method beside whatever property is tried.
    private static byte[] PacketWith(string owner, byte id, string property)
    {
        var (before, after, needed) = Frames[owner];
        var properties = Hex.Parse(id == 0x15 ? property : $"{needed} {property}");
        var head = Hex.Parse(before.Replace("@", "", StringComparison.Ordinal));
        byte[] body = [.. head[1..], (byte)properties.Length, .. properties, .. Hex.Parse(after)];
        return [head[0], (byte)body.Length, .. body];
    }
}
