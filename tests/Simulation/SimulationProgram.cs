using System.Diagnostics;
using System.Globalization;
using Avocet.Simulation.RealClients;

namespace Avocet.Simulation;

/// <summary>The command line: replays one seed, or runs many.</summary>
internal static class SimulationProgram
{
    private const int TraceLinesMax = 80;

    private const string Usage = """
        Simulation --seed S [--trace]             replay one seed; --trace prints everything that happened
        Simulation --seeds N [--from S]           run N seeds from S (1) on and sum up
        Simulation ... --no-crash                 for a broker that keeps nothing
        Simulation ... --clients                  Avocet's clients over connections that break
        """;

    public static int Run(string[] args)
    {
        ulong? seed = null, from = 1;
        ulong count = 0;
        bool mayCrash = true, prints = false, hasRealClients = false;
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--seed" when TryTake(args, ref i, out var value):
                    seed = value;
                    break;

                case "--seeds" when TryTake(args, ref i, out var value):
                    count = value;
                    break;

                case "--from" when TryTake(args, ref i, out var value):
                    from = value;
                    break;

                case "--no-crash":
                    mayCrash = false;
                    break;

                case "--clients":
                    hasRealClients = true;
                    break;

                case "--trace":
                    prints = true;
                    break;

                default:
                    Console.Error.WriteLine(args[i] is "--help" or "-h" ? Usage : $"'{args[i]}' is not an option, or has no whole number behind it.\n{Usage}");
                    return 2;
            }
        }

        Func<ulong, RunResult> run = hasRealClients ? RunClients : seed => new SimulationRun(RunPlan.Of(seed, mayCrash)).Run();
        var option = hasRealClients ? "--clients" : mayCrash ? "" : "--no-crash";
        if (seed is { } one) return Replay(one, run, option, prints);
        if (count > 0) return RunMany(from.Value, count, run, option);

        Console.Error.WriteLine(Usage);
        return 2;
    }

    /// <summary>What to print of a failed run.</summary>
    public static string Describe(RunResult result, string option)
    {
        var command = $"dotnet run --project tests/Simulation -c Release -- --seed {result.Seed} {option}".TrimEnd();
        if (result.Violation is not { } violation)
        {
            return $"Seed {result.Seed}: {result.Fault}\n{string.Join('\n', result.Trace.Lines.TakeLast(30))}\nReplay: {command}";
        }

        var lines = result.Trace.Shorten(violation.Clients, violation.MessageNumber, TraceLinesMax);
        return $"Seed {result.Seed} breaks the rule '{violation.Rule}': {violation.Message}\n{string.Join('\n', lines)}\nReplay: {command}";
    }

    private static RunResult RunClients(ulong seed)
    {
        var running = new ClientRun(ClientPlan.Of(seed)).RunAsync();
#pragma warning disable VSTHRD002 // The command line waits for nothing else.
        return running.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    private static int Replay(ulong seed, Func<ulong, RunResult> run, string option, bool prints)
    {
        var result = run(seed);
        if (prints) Console.WriteLine(result.Trace.ToText());

        Console.WriteLine(result.IsGood ? Summarize([result]) : Describe(result, option));
        Console.WriteLine($"trace {result.Trace.Hash()}, {result.Trace.Lines.Count} lines");
        return result.IsGood ? 0 : 1;
    }

    private static int RunMany(ulong from, ulong count, Func<ulong, RunResult> run, string option)
    {
        var watch = Stopwatch.StartNew();
        var results = new List<RunResult>();
        var failed = 0;
        for (var seed = from; seed < from + count; seed++)
        {
            var result = run(seed);
            if (!result.IsGood && ++failed <= 5) Console.WriteLine(Describe(result, option));
            else if (!result.IsGood) Console.WriteLine($"Seed {seed}: {result.Violation?.Rule} {result.Violation?.Message ?? result.Fault?.Message}");

            // What it summed up is kept, the trace is not.
            results.Add(result with { Trace = new Trace() });
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Summarize(results)} in {watch.Elapsed.TotalSeconds:0.0} s"));
        return failed == 0 ? 0 : 1;
    }

    private static string Summarize(List<RunResult> results)
    {
        var failed = results.Count(result => !result.IsGood);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{results.Count} seeds, {failed} failed: {results.Sum(result => result.Messages)} messages, {results.Sum(result => result.Deliveries)} deliveries, {results.Sum(result => result.Crashes)} crashes, {results.Sum(result => result.Cuts)} cuts, {results.Sum(result => result.Commits)} commits");
    }

    private static bool TryTake(string[] args, ref int index, out ulong value)
    {
        value = 0;
        return index + 1 < args.Length && ulong.TryParse(args[++index], CultureInfo.InvariantCulture, out value);
    }
}
