using Avocet.Protocol;
using Avocet.TestKit.Vectors;

namespace Avocet.Fuzz;

/// <summary>The thing that is fuzzed: bytes as they arrive on a connection, packet after packet.</summary>
internal static class PacketTarget
{
    public static ReadOnlySpan<ProtocolVersion> Versions => [ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V50];

    /// <summary>Reads packets until one is refused or incomplete; returns which invariant is broken, or null.</summary>
    public static string? FindBroken(ReadOnlySpan<byte> input, ProtocolVersion version, Span<byte> scratch, out int acceptedCount)
    {
        for (acceptedCount = 0; ; acceptedCount++)
        {
            var broken = PacketInvariants.FindBroken(input, version, scratch, out var isAccepted);
            if (broken is not null || !isAccepted) return broken;

            FixedHeader.TryRead(input, out var header);
            input = input[header.PacketSize..];
        }
    }

    /// <summary>Reads an input in every version; for SharpFuzz, which knows exceptions only.</summary>
    public static void RunOrThrow(ReadOnlySpan<byte> input)
    {
        var scratch = new byte[input.Length];
        foreach (var version in Versions)
        {
            if (FindBroken(input, version, scratch, out _) is { } broken) throw new InvalidOperationException($"{version}: {broken}.");
        }
    }

    /// <summary>Reads an input which comes as a stream.</summary>
    public static void RunOrThrow(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        RunOrThrow(copy.GetBuffer().AsSpan(0, (int)copy.Length));
    }
}
