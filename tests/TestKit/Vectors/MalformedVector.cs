using Avocet.Protocol;

namespace Avocet.TestKit.Vectors;

/// <summary>A packet that breaks a rule, and what the receiver has to think of it.</summary>
/// <param name="Name">Unique among all vectors; ends with the version.</param>
/// <param name="Version">The version of the connection it travels on; for CONNECT the one it claims or comes nearest to.</param>
/// <param name="Direction">Who would have sent it.</param>
/// <param name="Hex">The bytes, in the notation of <see cref="Hex.Parse"/>.</param>
/// <param name="Reason">The code for DISCONNECT or CONNACK in 5.0; before, the connection is closed.</param>
/// <param name="Rule">The statement it breaks, 3.1.1 ones prefixed <c>3.1.1</c>; or the section, where the standard has no number.</param>
public sealed record MalformedVector(string Name, ProtocolVersion Version, Direction Direction, string Hex, ReasonCode Reason, string Rule)
{
    public PacketType Type => (PacketType)(Bytes[0] >> 4);

    public byte[] Bytes => Vectors.Hex.Parse(Hex);

    public override string ToString() => Name;
}
