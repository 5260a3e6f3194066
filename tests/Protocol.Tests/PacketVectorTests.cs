using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

/// <summary>Every valid packet of the tables, whole and in part.</summary>
public class PacketVectorTests
{
    private static readonly Dictionary<string, PacketVector> Vectors = PacketVectors.Valid.ToDictionary(vector => vector.Name);

    public static TheoryData<string> Names => [.. PacketVectors.Valid.Select(vector => vector.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Vector_decodes_to_its_meaning(string name)
    {
        var vector = Vectors[name];

        Assert.Equal(vector.Meaning, PacketText.Describe(vector.Bytes, vector.Version));
        Assert.Equal(vector.Type, (PacketType)(vector.Bytes[0] >> 4));
    }

    [Theory, MemberData(nameof(Names))]
    public void Vector_encodes_to_its_canonical_bytes(string name)
    {
        var vector = Vectors[name];

        Assert.Equal(Hex.Format(vector.CanonicalBytes), Hex.Format(Reencode(vector.Bytes, vector.Version)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Vector_keeps_the_invariants(string name)
    {
        var vector = Vectors[name];

        Assert.Null(PacketInvariants.FindBroken(vector.Bytes, vector.Version, new byte[vector.Bytes.Length], out var isAccepted));
        Assert.True(isAccepted);
    }

    [Theory, MemberData(nameof(Names))]
    public void Vector_followed_by_another_packet_decodes_alone(string name)
    {
        var vector = Vectors[name];
        byte[] two = [.. vector.Bytes, .. vector.Bytes];

        Assert.Equal(vector.Meaning, PacketText.Describe(two, vector.Version));
    }

    [Theory, MemberData(nameof(Names))]
    public void Vector_cut_anywhere_needs_more_data(string name)
    {
        var vector = Vectors[name];
        var bytes = vector.Bytes;
        FixedHeader.TryRead(bytes, out var header);

        foreach (var length in CutsOf(bytes.Length))
        {
            var status = FixedHeader.TryRead(bytes.AsSpan(0, length), out var cut);

            Assert.Equal(length < header.Size ? DecodeStatus.NeedMoreData : DecodeStatus.Done, status);
            Assert.Equal(length < header.Size ? default : header, cut);
        }
    }

    // The header announces more than there is: a decoder that was called too early.
    [Theory, MemberData(nameof(Names))]
    public void Vector_cut_with_old_Remaining_Length_keeps_the_invariants(string name)
    {
        var vector = Vectors[name];
        var bytes = vector.Bytes;

        foreach (var length in CutsOf(bytes.Length))
        {
            Assert.Null(PacketInvariants.FindBroken(bytes.AsSpan(0, length), vector.Version, [], out var isAccepted));
            Assert.False(isAccepted);
        }
    }

    // The header announces what there is: the packet lacks its last fields. Guard bytes behind it must not be read.
    [Theory, MemberData(nameof(Names))]
    public void Vector_cut_with_new_Remaining_Length_keeps_the_invariants(string name)
    {
        var vector = Vectors[name];
        var bytes = vector.Bytes;
        FixedHeader.TryRead(bytes, out var header);
        var body = bytes[header.Size..];
        var scratch = new byte[bytes.Length];

        foreach (var length in CutsOf(body.Length))
        {
            byte[] packet = [bytes[0], .. Wire(length), .. body.AsSpan(0, length)];

            var broken = PacketInvariants.FindBroken(packet, vector.Version, scratch, out var isAccepted);
            if (broken is not null) Assert.Fail($"{broken}: {Hex.Format(packet)}");

            // What follows a cut field cannot make it whole: the fault is the same with other bytes behind.
            byte[] guarded = [.. packet, .. bytes.AsSpan(0, Math.Min(bytes.Length, 64))];
            PacketInvariants.FindBroken(guarded, vector.Version, scratch, out var isAcceptedGuarded);
            Assert.Equal(isAccepted, isAcceptedGuarded);
        }
    }

    [Fact]
    public void Names_are_unique_and_end_with_the_version()
    {
        var names = PacketVectors.Valid.Select(vector => (vector.Name, vector.Version))
            .Concat(PacketVectors.Malformed.Concat(PacketVectors.Forbidden).Select(vector => (vector.Name, vector.Version))).ToList();

        Assert.Equal(names.Count, names.Select(row => row.Name).Distinct().Count());
        Assert.All(names, row => Assert.EndsWith(TextOf(row.Version), row.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_packet_has_a_vector_in_every_version()
    {
        var expected =
            from version in new[] { ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V50 }
            from type in Enum.GetValues<PacketType>()
            where type != PacketType.Reserved && (type != PacketType.Auth || version == ProtocolVersion.V50)
            select (version, type);

        Assert.Empty(expected.Except(PacketVectors.Valid.Select(vector => (vector.Version, vector.Type))));
    }

    [Fact]
    public void Every_property_has_a_vector_in_every_packet_that_may_carry_it()
    {
        var expected = SpecificationTables.AllowedProperties.SelectMany(row => row.Value.Select(id => (row.Key, (PropertyId)id)));

        Assert.Empty(expected.Except(PacketVectors.Valid.Where(vector => vector.Version == ProtocolVersion.V50).SelectMany(PropertiesOf)));
    }

    internal static byte[] Reencode(byte[] bytes, ProtocolVersion version)
    {
        FixedHeader.TryRead(bytes, out var header);
        var body = bytes.AsSpan(header.Size, header.RemainingLength);
        var destination = new byte[bytes.Length];
        var size = 0;
        switch (header.Type)
        {
            case PacketType.Connect when ConnectPacket.TryDecode(header, body, out var packet, out _):
                size = packet.Encode(destination);
                break;

            case PacketType.Connack when ConnackPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Publish when PublishPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp
                when AcknowledgementPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Subscribe when SubscribePacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Unsubscribe when UnsubscribePacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Suback or PacketType.Unsuback when SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Pingreq:
                return EmptyPacket.Pingreq.ToArray();

            case PacketType.Pingresp:
                return EmptyPacket.Pingresp.ToArray();

            case PacketType.Disconnect when DisconnectPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination, version);
                break;

            case PacketType.Auth when AuthPacket.TryDecode(header, body, version, out var packet, out _):
                size = packet.Encode(destination);
                break;
        }

        return destination[..size];
    }

    private static List<(string Owner, PropertyId Id)> PropertiesOf(PacketVector vector)
    {
        var found = new List<(string, PropertyId)>();
        var owner = vector.Type.ToString();
        FixedHeader.TryRead(vector.Bytes, out var header);
        var body = vector.Bytes.AsSpan(header.Size);
        switch (vector.Type)
        {
            case PacketType.Connect when ConnectPacket.TryDecode(header, body, out var packet, out _):
                Add(owner, packet.Properties);
                Add("Will", packet.WillProperties);
                break;

            case PacketType.Connack when ConnackPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Publish when PublishPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Subscribe when SubscribePacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Unsubscribe when UnsubscribePacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Suback or PacketType.Unsuback
                when SubscriptionAcknowledgementPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp
                when AcknowledgementPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Disconnect when DisconnectPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;

            case PacketType.Auth when AuthPacket.TryDecode(header, body, vector.Version, out var packet, out _):
                Add(owner, packet.Properties);
                break;
        }

        return found;

        void Add(string name, PropertyBlock block)
        {
            foreach (var property in block) found.Add((name, property.Id));
        }
    }

    // Every boundary of a short packet; of a long one, which is a few fields and much filling, those near its ends.
    private static IEnumerable<int> CutsOf(int length)
    {
        var margin = length < 1_000 ? length : 40;
        return Enumerable.Range(0, length).Where(cut => cut < margin || cut >= length - margin);
    }

    private static byte[] Wire(int remainingLength)
    {
        var bytes = new byte[4];
        return bytes[..Protocol.Wire.VarInt.Write(bytes, (uint)remainingLength)];
    }

    private static string TextOf(ProtocolVersion version) => version switch { ProtocolVersion.V31 => " 3.1", ProtocolVersion.V311 => " 3.1.1", _ => " 5.0" };
}
