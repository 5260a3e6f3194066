using System.Diagnostics;
using System.Globalization;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Vectors;

namespace Avocet.Fuzz;

/// <summary>
/// A mutational fuzzer without coverage: takes the packets of the tables, changes them, reads them as a broker does and checks what has to hold.
/// One thread; the same seed gives the same inputs.
/// </summary>
internal sealed class PacketFuzzer
{
    private const int BatchSize = 4_096;

    private readonly FuzzOptions _options;
    private readonly TextWriter _output;
    private readonly SeededRandom _random;
    private readonly byte[] _scratch = new byte[Mutator.SizeMax];
    private readonly long[] _acceptedByType = new long[16];
    private long _inputs, _accepted;

    public PacketFuzzer(FuzzOptions options, TextWriter output)
    {
        _options = options;
        _output = output;
        _random = new SeededRandom(options.Seed);
    }

    /// <summary>Runs until time is up, the token is cancelled or an input fails; returns the exit code.</summary>
    public int Run(CancellationToken stop)
    {
        var seeds = ReadSeeds(_options).Where(seed => seed.Bytes.Length <= Mutator.SizeMax / 2).ToList();
        _output.WriteLine($"seed {_options.Seed}, {seeds.Count} packets to start from, {_options.Duration.TotalMinutes:0.##} minutes");
        if (!TrySort(seeds, out var validCount)) return 1;

        var mutator = new Mutator(_random, [.. seeds.Select(seed => seed.Bytes)]);
        var clock = Stopwatch.StartNew();
        var nextReport = TimeSpan.FromMinutes(1);
        while (clock.Elapsed < _options.Duration && !stop.IsCancellationRequested)
        {
            for (var i = 0; i < BatchSize; i++)
            {
                // Changes to a packet that is refused mostly give another that is refused at the same place.
                var seed = seeds[_random.Below(_random.Below(4) == 0 ? seeds.Count : validCount)];
                var version = _random.Below(4) == 0 ? PacketTarget.Versions[_random.Below(3)] : seed.Version;
                if (!TryInput(mutator.Next(seed.Bytes), version, mayAllocate: false)) return 1;
            }

            if (clock.Elapsed < nextReport) continue;

            Report(clock.Elapsed);
            nextReport += TimeSpan.FromMinutes(1);
        }

        Report(clock.Elapsed);
        ReportTypes();
        return 0;
    }

    private static IEnumerable<(byte[] Bytes, ProtocolVersion Version)> ReadSeeds(FuzzOptions options)
    {
        foreach (var vector in PacketVectors.Valid) yield return (vector.Bytes, vector.Version);
        foreach (var vector in PacketVectors.Malformed) yield return (vector.Bytes, vector.Version);
        foreach (var vector in PacketVectors.Forbidden) yield return (vector.Bytes, vector.Version);
        if (!options.HasCorpus) yield break;

        foreach (var file in Directory.EnumerateFiles(options.Directory).Order(StringComparer.Ordinal))
        {
            var bytes = File.ReadAllBytes(file);
            foreach (var version in PacketTarget.Versions.ToArray()) yield return (bytes, version);
        }
    }

    // Tries every packet unchanged and puts the accepted ones first. The runtime may allocate here; later an allocation is a fault.
    private bool TrySort(List<(byte[] Bytes, ProtocolVersion Version)> seeds, out int validCount)
    {
        validCount = 0;
        for (var i = 0; i < seeds.Count; i++)
        {
            var acceptedBefore = _accepted;
            if (!TryInput(seeds[i].Bytes, seeds[i].Version, mayAllocate: true)) return false;
            if (_accepted == acceptedBefore) continue;

            (seeds[i], seeds[validCount]) = (seeds[validCount], seeds[i]);
            validCount++;
        }

        Array.Clear(_acceptedByType);
        (_inputs, _accepted) = (0, 0);
        return true;
    }

    private bool TryInput(ReadOnlySpan<byte> input, ProtocolVersion version, bool mayAllocate)
    {
        _inputs++;
        string? broken;
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            broken = PacketTarget.FindBroken(input, version, _scratch, out var acceptedCount);
            if (broken is null && !mayAllocate && GC.GetAllocatedBytesForCurrentThread() != before) broken = "decoding allocated memory";
            if (acceptedCount > 0)
            {
                _accepted++;
                _acceptedByType[input[0] >> 4]++;
            }
        }
        catch (Exception exception)
        {
            broken = exception.ToString();
        }

        if (broken is null) return true;

        Save(input, version, broken);
        return false;
    }

    private void Save(ReadOnlySpan<byte> input, ProtocolVersion version, string broken)
    {
        var path = Path.Combine(_options.Directory, string.Create(CultureInfo.InvariantCulture, $"failure-{version}-{_options.Seed}-{_inputs}.bin"));
        File.WriteAllBytes(path, input);
        _output.WriteLine($"FAILED in {version}: {broken}");
        _output.WriteLine($"  input {_inputs} of seed {_options.Seed}, saved as {path}; try again with --replay");
        _output.WriteLine($"  {Hex.Format(input)}");
    }

    private void Report(TimeSpan elapsed)
    {
        var perSecond = _inputs / Math.Max(elapsed.TotalSeconds, 0.001);
        var share = 100.0 * _accepted / Math.Max(_inputs, 1);
        _output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed:hh\\:mm\\:ss}  {_inputs} inputs  {perSecond:0} inputs/s  {share:0.0} % accepted  no failure  seed {_options.Seed}"));
    }

    private void ReportTypes()
    {
        for (var type = 1; type < _acceptedByType.Length; type++)
        {
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(PacketType)type,-12} {_acceptedByType[type],14} accepted"));
        }
    }
}
