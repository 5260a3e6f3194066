using Avocet.TestKit.Vectors;

namespace Avocet.Fuzz;

/// <summary>Tries saved inputs again and tells what each means in every version.</summary>
internal static class Replay
{
    public static int Run(IReadOnlyList<string> files)
    {
        var result = 0;
        foreach (var file in files)
        {
            if (!File.Exists(file))
            {
                Console.Error.WriteLine($"'{file}' is not a file.");
                return 2;
            }

            var input = File.ReadAllBytes(file);
            Console.WriteLine($"{file}: {input.Length} bytes: {Hex.Format(input.AsSpan(0, Math.Min(input.Length, 100)))}");
            foreach (var version in PacketTarget.Versions)
            {
                var broken = PacketTarget.FindBroken(input, version, new byte[input.Length], out _);
                Console.WriteLine($"  {version}: {(broken is null ? PacketText.Describe(input, version) : $"BROKEN: {broken}")}");
                if (broken is not null) result = 1;
            }
        }

        return result;
    }
}
