using System.Diagnostics;
using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests.Support;

/// <summary>Starts a published avocet as its user would.</summary>
internal static partial class PublishedProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Serves with a store in a folder of its own, stops in good order, and finds its store again.</summary>
    public static async Task ServeTwiceAsync(string program)
    {
        using var data = new TemporaryFolder();
        await ServeAsync(program, data);
        Assert.True(File.Exists(data.File("CURRENT")) || Directory.GetDirectories(data.Path).Length > 0, "It kept nothing.");
        await ServeAsync(program, data);
    }

    private static async Task ServeAsync(string program, TemporaryFolder data)
    {
        var start = new ProcessStartInfo(program, ["serve", "--port", "auto", "--ws-port", "auto", "--console-port", "auto", "--data", data.Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Neither a .NET beside the program nor what a developer has set may help it.
            Environment = { ["DOTNET_ROOT"] = "/nowhere", ["PATH"] = "/usr/bin:/bin" },
        };
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var lines = new List<string>();
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(Deadline) is { } line)
            {
                lines.Add(line);
                if (line.Contains("Ready.", StringComparison.Ordinal)) break;
            }

            var output = string.Join('\n', lines);
            Assert.True(output.Contains("Ready.", StringComparison.Ordinal), $"{program} was not ready:\n{output}\n{(process.HasExited ? await errors : "")}");
            var port = Port().Match(output).Groups[1].Value;
            await Command.RunAsync(Command.Short, "mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-t", "packages/test", "-m", "22.5", "-q", "1", "-r");
            // The API both ways: what is compiled ahead of time must read and write its documents, too.
            Assert.Contains("matched", await Command.RunAsync(Command.Short, program, "ctl", "publish", "packages/console", "on", "--retain", "--data", data.Path), StringComparison.Ordinal);
            Assert.Contains("clients_connected", await Command.RunAsync(Command.Short, program, "ctl", "overview", "--data", data.Path), StringComparison.Ordinal);

            await Command.RunAsync(Command.Short, "kill", "-TERM", $"{process.Id}");
            await process.WaitForExitAsync().WaitAsync(Deadline);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    [GeneratedRegex(@"mqtt://[0-9.]+:(\d+),")]
    private static partial Regex Port();
}
