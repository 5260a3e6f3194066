using System.Globalization;

namespace Avocet.Load;

/// <summary>What a process has used until now.</summary>
internal readonly record struct ProcessUse(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    /// <summary>The unit of times in /proc, which Linux has had at 100 a second on all common machines for decades.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessUse Of(int processId)
    {
        // The name in parentheses may have blanks; what follows it has none.
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var (resident, peak) = (0L, 0L);
        foreach (var line in File.ReadLines($"/proc/{processId}/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal)) resident = KilobytesIn(line);
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) peak = KilobytesIn(line);
        }

        return new ProcessUse(ticks / TicksPerSecond, resident * 1024, peak * 1024);
    }

    private static long KilobytesIn(string line) => long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
