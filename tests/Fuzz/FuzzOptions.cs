using System.Globalization;
using System.Net;

namespace Avocet.Fuzz;

/// <summary>What the command line asks for.</summary>
internal enum FuzzMode
{
    Help,
    Packets,
    Live,
    SharpFuzz,
    LibFuzzer,
    Replay,
}

/// <summary>The command line, checked.</summary>
internal sealed record FuzzOptions(FuzzMode Mode)
{
    public const string Usage = """
        Fuzz --minutes N [--seed S] [--dir DIR]   mutate packets for N minutes (a fraction is fine)
        Fuzz --live HOST:PORT --minutes N [--seed S]   the same against a running broker
        Fuzz --replay FILE...                     try saved inputs again, in every version
        Fuzz --sharpfuzz                          be the target of AFL++ (SharpFuzz, input on stdin without it)
        Fuzz --libfuzzer                          be the target of libFuzzer (SharpFuzz)
        """;

    public TimeSpan Duration { get; init; }

    public ulong Seed { get; init; }

    /// <summary>The broker to fuzz.</summary>
    public IPEndPoint? Target { get; init; }

    /// <summary>Where further inputs are read from and failing ones are written to.</summary>
    public string Directory { get; init; } = ".";

    /// <summary>True if <c>--dir</c> was given; only then are its files read.</summary>
    public bool HasCorpus { get; init; }

    public IReadOnlyList<string> Files { get; init; } = [];

    public static bool TryParse(string[] args, out FuzzOptions options, out string error)
    {
        options = new FuzzOptions(FuzzMode.Help) { Seed = (ulong)Random.Shared.NextInt64() };
        error = "";
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    options = options with { Mode = FuzzMode.Help };
                    return true;

                case "--sharpfuzz" or "--libfuzzer":
                    if (!TrySetMode(ref options, args[i] == "--sharpfuzz" ? FuzzMode.SharpFuzz : FuzzMode.LibFuzzer, out error)) return false;
                    break;

                case "--replay":
                    if (!TrySetMode(ref options, FuzzMode.Replay, out error)) return false;

                    options = options with { Files = args[(i + 1)..] };
                    return options.Files.Count > 0 || Fail("--replay needs at least one file.", out error);

                case "--minutes" when TryTake(args, ref i, out var text):
                    if (options.Mode != FuzzMode.Live && !TrySetMode(ref options, FuzzMode.Packets, out error)) return false;
                    if (!double.TryParse(text, CultureInfo.InvariantCulture, out var minutes) || minutes is not (> 0 and < 1_000_000))
                    {
                        return Fail($"--minutes is '{text}'; it needs a number above 0.", out error);
                    }

                    options = options with { Duration = TimeSpan.FromMinutes(minutes) };
                    break;

                case "--live" when TryTake(args, ref i, out var text):
                    if (!IPEndPoint.TryParse(text, out var target) || target.Port == 0) return Fail($"--live is '{text}'; it needs an address and a port, as in 127.0.0.1:1883.", out error);

                    options = options with { Mode = FuzzMode.Live, Target = target };
                    break;

                case "--seed" when TryTake(args, ref i, out var text):
                    if (!ulong.TryParse(text, CultureInfo.InvariantCulture, out var seed)) return Fail($"--seed is '{text}'; it needs a whole number from 0.", out error);

                    options = options with { Seed = seed };
                    break;

                case "--dir" when TryTake(args, ref i, out var text):
                    if (!System.IO.Directory.Exists(text)) return Fail($"--dir is '{text}', which is not a directory.", out error);

                    options = options with { Directory = text, HasCorpus = true };
                    break;

                case "--minutes" or "--live" or "--seed" or "--dir":
                    return Fail($"{args[i]} needs a value.", out error);

                default:
                    return Fail($"Unknown option '{args[i]}'; see --help.", out error);
            }
        }

        if (options is { Mode: FuzzMode.Live, Duration.Ticks: 0 }) return Fail("--live needs --minutes.", out error);

        return options.Mode != FuzzMode.Help || args.Length == 0 || Fail("Nothing to do: give --minutes, --replay, --sharpfuzz or --libfuzzer.", out error);
    }

    private static bool TrySetMode(ref FuzzOptions options, FuzzMode mode, out string error)
    {
        if (options.Mode != FuzzMode.Help && options.Mode != mode) return Fail("Only one of --minutes, --replay, --sharpfuzz and --libfuzzer can be given.", out error);

        options = options with { Mode = mode };
        error = "";
        return true;
    }

    private static bool TryTake(string[] args, ref int index, out string value)
    {
        value = index + 1 < args.Length ? args[index + 1] : "";
        if (value.Length == 0) return false;

        index++;
        return true;
    }

    private static bool Fail(string message, out string error)
    {
        error = message;
        return false;
    }
}
