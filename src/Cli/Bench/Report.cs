using System.Globalization;
using System.Text;
using System.Text.Json;
using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>Writes what a run found.</summary>
internal static class Report
{
    public static void Write(BenchRun run, TextWriter output)
    {
        if (run.Options.IsJson) output.WriteLine(ToJson(run));
        else WriteText(run, output);
    }

    private static void WriteText(BenchRun run, TextWriter output)
    {
        foreach (var phase in run.Phases)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"{phase.Name}: {phase.Seconds:0.000} s");
            foreach (var (name, count) in phase.Counts) text.Append(CultureInfo.InvariantCulture, $", {count:N0} {name} ({count / phase.Seconds:N0}/s)");

            text.Append(CultureInfo.InvariantCulture, $"; own CPU {phase.OwnCpuSeconds:0.00} s");
            output.WriteLine(text);
            if (phase.Latencies is not { } latency) continue;

            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  latency in µs: p50 {latency.P50:N0}, p90 {latency.P90:N0}, p99 {latency.P99:N0}, p99.9 {latency.P999:N0}, p99.99 {latency.P9999:N0}, max {latency.Max:N0} ({latency.Count:N0} timed)"));
        }

        output.WriteLine(run.IsComplete
            ? "Nothing lost, duplicated or reordered."
            : string.Create(CultureInfo.InvariantCulture, $"Not complete: {run.Lost:N0} lost, {run.Duplicated:N0} duplicated, {run.Reordered:N0} reordered."));
    }

    private static string ToJson(BenchRun run)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("scenario", run.Options.Scenario);
            json.WriteString("mqtt", run.Options.Settings.Version == ProtocolVersion.V50 ? "5.0" : "3.1.1");
            json.WriteNumber("qos", (int)run.Options.Qos);
            json.WriteNumber("payloadBytes", run.Options.PayloadBytes);
            json.WriteStartArray("phases");
            foreach (var phase in run.Phases) Write(json, phase);

            json.WriteEndArray();
            json.WriteNumber("lost", run.Lost);
            json.WriteNumber("duplicated", run.Duplicated);
            json.WriteNumber("reordered", run.Reordered);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    private static void Write(Utf8JsonWriter json, Phase phase)
    {
        json.WriteStartObject();
        json.WriteString("name", phase.Name);
        json.WriteNumber("seconds", Math.Round(phase.Seconds, 6));
        json.WriteNumber("ownCpuSeconds", Math.Round(phase.OwnCpuSeconds, 6));
        foreach (var (name, count) in phase.Counts)
        {
            json.WriteNumber(name, count);
            json.WriteNumber(name + "PerSecond", Math.Round(count / phase.Seconds, 3));
        }

        if (phase.Latencies is { } latency)
        {
            json.WriteStartObject("latencyMicroseconds");
            json.WriteNumber("count", latency.Count);
            json.WriteNumber("min", latency.Min);
            json.WriteNumber("p50", latency.P50);
            json.WriteNumber("p90", latency.P90);
            json.WriteNumber("p99", latency.P99);
            json.WriteNumber("p99.9", latency.P999);
            json.WriteNumber("p99.99", latency.P9999);
            json.WriteNumber("max", latency.Max);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
