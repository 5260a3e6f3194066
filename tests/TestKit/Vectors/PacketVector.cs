using Avocet.Protocol;

namespace Avocet.TestKit.Vectors;

/// <summary>A valid packet: its bytes beside what they mean.</summary>
/// <param name="Name">Unique among all vectors; ends with the version.</param>
/// <param name="Version">The version of the connection it travels on.</param>
/// <param name="Type">The packet type, as the fixed header tells it.</param>
/// <param name="Direction">Who may send it.</param>
/// <param name="Hex">The bytes, in the notation of <see cref="Hex.Parse"/>.</param>
/// <param name="Meaning">What it decodes to, as <see cref="PacketText.Describe"/> says it.</param>
/// <param name="Canonical">What our encoder makes of it, where that differs from <paramref name="Hex"/>.</param>
public sealed record PacketVector(
    string Name, ProtocolVersion Version, PacketType Type, Direction Direction, string Hex, string Meaning, string? Canonical = null)
{
    public byte[] Bytes => Vectors.Hex.Parse(Hex);

    public byte[] CanonicalBytes => Vectors.Hex.Parse(Canonical ?? Hex);

    public override string ToString() => Name;
}
