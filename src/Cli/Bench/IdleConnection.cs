namespace Avocet.Cli.Bench;

/// <summary>Connects, and does nothing else.</summary>
internal sealed class IdleConnection(BenchRun run, int number)
    : BenchConnection(run.Options.Settings, $"{run.Options.Settings.RunId}-idle-{number}", run.Failure, SmallBuffer);
