using Avocet.Protocol;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A packet to send or to expect. Immutable: each method returns another builder.</summary>
public abstract record PacketBuilder
{
    /// <summary>The bytes in the form of one protocol version; properties are left out before 5.0.</summary>
    public abstract byte[] Encode(ProtocolVersion version);

    /// <summary>Whether a packet that came may carry this property although the expectation does not name it.</summary>
    internal virtual bool MayCarryUnnamed(PropertyId id) => false;
}

/// <summary>A packet with properties, which are encoded in the order in which they are added.</summary>
public abstract record PacketBuilder<TSelf> : PacketBuilder
    where TSelf : PacketBuilder<TSelf>
{
    internal byte[] Properties { get; private init; } = [];

    public TSelf Property(PropertyId id, uint value) => Append(new PropertyBuilder().Add(id, value));

    public TSelf Property(PropertyId id, string value) => Append(new PropertyBuilder().Add(id, value));

    public TSelf Property(PropertyId id, byte[] value) => Append(new PropertyBuilder().Add(id, value));

    public TSelf UserProperty(string name, string value) => Append(new PropertyBuilder().AddUserProperty(name, value));

    private TSelf Append(PropertyBuilder property) => (TSelf)(this with { Properties = [.. Properties, .. property.Encoded] });
}
