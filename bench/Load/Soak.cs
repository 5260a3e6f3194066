using System.Diagnostics;
using System.Globalization;

namespace Avocet.Load;

/// <summary>A mixed load for a long time, to see whether memory grows.</summary>
internal static class Soak
{
    private const double Megabyte = 1024 * 1024;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    /// <summary>By then pools and caches have their size.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(Measurement measurement)
    {
        var duration = TimeSpan.FromMinutes(Math.Clamp(measurement.SoakMinutes, 1, 1440));
        var seconds = duration.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        string[][] loads =
        [
            ["pair", "--qos", "1", "--rate", "2000", "--seconds", seconds],
            ["pair", "--qos", "2", "--rate", "500", "--mqtt", "5", "--seconds", seconds],
            ["fanout", "--subscribers", "50", "--rate", "40", "--payload", "1024", "--seconds", seconds],
        ];
        var begin = Stopwatch.GetTimestamp();
        var running = Array.ConvertAll(loads, load => measurement.Tool.RunAsync(measurement.Broker, load, duration));
        double? settled = null;
        while (Stopwatch.GetElapsedTime(begin) + SampleInterval < duration && !Array.Exists(running, run => run.IsFaulted))
        {
            await Task.Delay(SampleInterval);
            await measurement.RunAsync("churn", "--messages", "200", "--clients", "5");
            var resident = measurement.Broker.Use.ResidentBytes / Megabyte;
            if (settled is null && Stopwatch.GetElapsedTime(begin) >= Settling) settled = resident;

            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"soak · {measurement.Broker.Choice.Name}: {Stopwatch.GetElapsedTime(begin).TotalMinutes:0.0} min, RSS {resident:0.0} MB"));
        }

        if (measurement.Broker.Choice.Kind == BrokerKind.Avocet)
        {
            measurement.Add("soak: collections of generation 2", double.Parse(measurement.Broker.ReadSys("gc/collections/2"), CultureInfo.InvariantCulture));
            measurement.Add("soak: longest pause of a collection of generation 2, ms", double.Parse(measurement.Broker.ReadSys("gc/pause/longest"), CultureInfo.InvariantCulture));
            measurement.Add("soak: pauses of all collections, ms", double.Parse(measurement.Broker.ReadSys("gc/pause/total"), CultureInfo.InvariantCulture));
        }

        var atEnd = measurement.Broker.Use.ResidentBytes / Megabyte;
        await Task.WhenAll(running);
        if (settled is not null) measurement.Add("soak: RSS after 5 minutes, MB", settled);

        measurement.Add($"soak: RSS after {duration.TotalMinutes.ToString(CultureInfo.InvariantCulture)} minutes, MB", atEnd);
    }
}
