namespace Avocet.Cli;

/// <summary>What keeps a command from its work, in a line for the user.</summary>
internal sealed class CommandException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
