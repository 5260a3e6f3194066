using System.CommandLine;

namespace Avocet.Cli.Tests;

/// <summary>A command in the test's process.</summary>
internal static class CommandLine
{
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(Command command, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var parsed = command.Parse(arguments);
        Xunit.Assert.Empty(parsed.Errors);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return (exitCode, output.ToString(), error.ToString());
    }
}
