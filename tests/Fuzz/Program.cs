using Avocet.Fuzz;

if (!FuzzOptions.TryParse(args, out var options, out var error))
{
    Console.Error.WriteLine(error);
    return 2;
}

switch (options.Mode)
{
    case FuzzMode.Help:
        Console.WriteLine(FuzzOptions.Usage);
        return 0;

    case FuzzMode.SharpFuzz:
        SharpFuzz.Fuzzer.OutOfProcess.Run(PacketTarget.RunOrThrow);
        return 0;

    case FuzzMode.LibFuzzer:
        SharpFuzz.Fuzzer.LibFuzzer.Run(PacketTarget.RunOrThrow);
        return 0;

    case FuzzMode.Replay:
        return Replay.Run(options.Files);

    default:
        using (var stop = new CancellationTokenSource())
        {
            Console.CancelKeyPress += (_, pressed) =>
            {
                pressed.Cancel = true;
                stop.Cancel();
            };

            if (options.Mode == FuzzMode.Live)
            {
                using var live = new LiveFuzzer(options, Console.WriteLine);
                return await live.RunAsync(stop.Token);
            }

            return new PacketFuzzer(options, Console.Out).Run(stop.Token);
        }
}
