using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Avocet.Load;

/// <summary>Runs <c>avocet bench</c> and looks at the broker when a phase begins and ends.</summary>
internal sealed class LoadTool(string path)
{
    /// <summary>A load that takes longer hangs.</summary>
    private static readonly TimeSpan RunMax = TimeSpan.FromMinutes(15);

    /// <summary>The exit code for messages that were lost, duplicated or reordered.</summary>
    private const int ExitIncomplete = 2;

    /// <summary>Runs a load; the phases by name.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="arguments">What the load is.</param>
    /// <param name="duration">How long it is to take beyond what is usual.</param>
    public async Task<Dictionary<string, PhaseResult>> RunAsync(BrokerProcess broker, string[] arguments, TimeSpan duration = default)
    {
        var start = new ProcessStartInfo(path, ["bench", .. arguments, "--port", broker.Port.ToString(CultureInfo.InvariantCulture), "--json", "--mark"]);
        var process = Children.Start(start);
        try
        {
            using var deadline = new CancellationTokenSource(RunMax + duration);
            var uses = new Dictionary<string, ProcessUse>();
            var reading = ReadMarksAsync(process.StandardError, broker, uses, deadline.Token);
            var json = await process.StandardOutput.ReadToEndAsync(deadline.Token);
            await reading;
            await process.WaitForExitAsync(deadline.Token);
            if (process.ExitCode is not (0 or ExitIncomplete)) throw new InvalidOperationException($"avocet bench {string.Join(' ', arguments)} ended with code {process.ExitCode}.");

            return Read(json, uses, $"{broker.Choice.Name}: {string.Join(' ', arguments)}");
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"avocet bench {string.Join(' ', arguments)} did not end.");
        }
        finally
        {
            Children.End(process);
        }
    }

    private static async Task ReadMarksAsync(StreamReader reader, BrokerProcess broker, Dictionary<string, ProcessUse> uses, CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("MARK ", StringComparison.Ordinal)) uses[line[5..]] = broker.Use;
            else await Console.Error.WriteLineAsync(line);
        }
    }

    private static Dictionary<string, PhaseResult> Read(string json, Dictionary<string, ProcessUse> uses, string what)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var (lost, duplicated, reordered) = (root.GetProperty("lost").GetInt64(), root.GetProperty("duplicated").GetInt64(), root.GetProperty("reordered").GetInt64());
        if (lost + duplicated + reordered > 0) Console.Error.WriteLine($"{what}: {lost} lost, {duplicated} duplicated, {reordered} reordered");

        var phases = new Dictionary<string, PhaseResult>();
        foreach (var phase in root.GetProperty("phases").EnumerateArray())
        {
            var name = phase.GetProperty("name").GetString()!;
            phases.Add(name, new PhaseResult(phase.Clone(), uses[$"begin {name}"], uses[$"end {name}"]));
        }

        return phases;
    }
}
