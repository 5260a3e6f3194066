using System.Globalization;

namespace Avocet.ClientBench;

/// <summary>What one process measured, a line of text.</summary>
internal sealed record Measurement
{
    public required string Direction { get; init; }

    public required int Qos { get; init; }

    public required string Library { get; init; }

    public required long Messages { get; init; }

    public required double CpuSeconds { get; init; }

    public required long Allocated { get; init; }

    public required double Seconds { get; init; }

    private double PerCpuSecond => Messages / CpuSeconds;

    private double BytesEach => (double)Allocated / Messages;

    public static Measurement Parse(string line)
    {
        var fields = line.Split('\t');
        return new Measurement
        {
            Direction = fields[0],
            Qos = int.Parse(fields[1], CultureInfo.InvariantCulture),
            Library = fields[2],
            Messages = long.Parse(fields[3], CultureInfo.InvariantCulture),
            CpuSeconds = double.Parse(fields[4], CultureInfo.InvariantCulture),
            Allocated = long.Parse(fields[5], CultureInfo.InvariantCulture),
            Seconds = double.Parse(fields[6], CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Prints a Markdown table of the medians of all rounds.</summary>
    public static void Summarize(IEnumerable<string> lines)
    {
        Console.WriteLine("| | QoS | Avocet, messages per client-CPU-second | MQTTnet | ratio | Avocet, bytes allocated per message | MQTTnet | ratio |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var group in lines.Select(Parse).GroupBy(line => (line.Direction, line.Qos)))
        {
            var ours = group.Where(line => line.Library == "avocet").ToList();
            var theirs = group.Where(line => line.Library == "mqttnet").ToList();
            double ourSpeed = Median(ours, line => line.PerCpuSecond), theirSpeed = Median(theirs, line => line.PerCpuSecond);
            double ourBytes = Median(ours, line => line.BytesEach), theirBytes = Median(theirs, line => line.BytesEach);
            var what = group.Key.Direction == "pub" ? "publish" : "receive";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {group.Key.Qos} | {ourSpeed:N0} | {theirSpeed:N0} | {ourSpeed / theirSpeed:0.0} | {ourBytes:N0} | {theirBytes:N0} | {ourBytes / theirBytes:0.00} |"));
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Direction}\t{Qos}\t{Library}\t{Messages}\t{CpuSeconds:0.000}\t{Allocated}\t{Seconds:0.000}");

    private static double Median(List<Measurement> lines, Func<Measurement, double> value)
    {
        var sorted = lines.Select(value).Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
