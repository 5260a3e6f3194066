using System.Diagnostics;
using System.Text;
using Xunit;

namespace Avocet.Packages.Tests.Support;

/// <summary>A program that is run to its end, in the repository's folder, within a deadline.</summary>
internal static class Command
{
    /// <summary>For what builds.</summary>
    public static TimeSpan Long { get; } = TimeSpan.FromMinutes(10);

    public static TimeSpan Short { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Runs it; anything but success fails the test, with what it wrote.</summary>
    public static async Task<string> RunAsync(TimeSpan deadline, string program, params string[] arguments)
    {
        var (exitCode, output) = await TryAsync(deadline, program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
        return output;
    }

    /// <summary>Runs it, and gives exit code and output.</summary>
    public static async Task<(int ExitCode, string Output)> TryAsync(TimeSpan deadline, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Server.Tests.Support.Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, output));
        try
        {
            await process.WaitForExitAsync().WaitAsync(deadline);
            // Whatever it left running may hold the pipes open.
            await reading.WaitAsync(Short);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within {deadline}:\n{Text(output)}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, Text(output));
    }

    /// <summary>Whether there is such a program.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task ReadAsync(StreamReader reader, StringBuilder output)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output) output.AppendLine(line);
        }
    }

    private static string Text(StringBuilder output)
    {
        lock (output) return output.ToString();
    }
}
