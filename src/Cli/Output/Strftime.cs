using System.Globalization;

namespace Avocet.Cli.Output;

/// <summary>One specifier of strftime(3), in the C locale, and mosquitto's N for nanoseconds.</summary>
internal static class Strftime
{
    public static string Format(char specifier, DateTimeOffset time) => specifier switch
    {
        'a' => In("ddd", time),
        'A' => In("dddd", time),
        'b' or 'h' => In("MMM", time),
        'B' => In("MMMM", time),
        'c' => $"{In("ddd MMM", time)} {time.Day,2} {In("HH:mm:ss yyyy", time)}",
        'C' => In2(time.Year / 100),
        'd' => In("dd", time),
        'D' => In("MM'/'dd'/'yy", time),
        'e' => $"{time.Day,2}",
        'F' => In("yyyy-MM-dd", time),
        'G' => ISOWeek.GetYear(time.DateTime).ToString(CultureInfo.InvariantCulture),
        'H' => In("HH", time),
        'I' => In("hh", time),
        'j' => time.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
        'm' => In("MM", time),
        'M' => In("mm", time),
        'n' => "\n",
        'N' => (time.Ticks % TimeSpan.TicksPerSecond * 100).ToString("D9", CultureInfo.InvariantCulture),
        'p' => In("tt", time),
        'r' => In("hh:mm:ss tt", time),
        'R' => In("HH:mm", time),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => In("ss", time),
        't' => "\t",
        'T' or 'X' => In("HH:mm:ss", time),
        'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'V' => In2(ISOWeek.GetWeekOfYear(time.DateTime)),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'x' => In("MM'/'dd'/'yy", time),
        'y' => In("yy", time),
        'Y' => In("yyyy", time),
        'z' => time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal),
        'Z' => time.Offset == TimeSpan.Zero ? "UTC" : time.ToString("zzz", CultureInfo.InvariantCulture),
        '@' => "@",
        _ => throw new CommandException($"-F has @{specifier}, which is no specifier of strftime that is known here."),
    };

    // A lone letter would be a standard format; with % it is a custom one.
    private static string In(string format, DateTimeOffset time) => time.ToString(format.Length == 1 ? "%" + format : format, CultureInfo.InvariantCulture);

    private static string In2(int number) => number.ToString("D2", CultureInfo.InvariantCulture);
}
