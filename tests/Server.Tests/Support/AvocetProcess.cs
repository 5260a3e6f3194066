using System.Globalization;
using System.Text.RegularExpressions;

namespace Avocet.Server.Tests.Support;

/// <summary>The real executable.</summary>
internal static partial class AvocetProcess
{
    /// <summary>The one that was built with the tests, or the one that AVOCET_PROGRAM names, such as one compiled ahead of time.</summary>
    public static string Program => Environment.GetEnvironmentVariable("AVOCET_PROGRAM") ?? Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "avocet.exe" : "avocet");

    public static ChildProcess Start(params IReadOnlyList<string> arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <summary>Starts it, with a data folder of its own which goes with it, unless <c>--data</c> names one.</summary>
    public static ChildProcess Start(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments)
    {
        // Tests run side by side, and only one could have the console's usual port.
        if (arguments is ["serve", ..] && !arguments.Contains("--console-port")) environment = new Dictionary<string, string>(environment) { ["AVOCET_CONSOLE__PORT"] = "0" };
        if (arguments is not ["serve", ..] || arguments.Contains("--data")) return ChildProcess.Start(Program, arguments, environment);

        var folder = new TemporaryFolder();
        return ChildProcess.Start(Program, arguments, new Dictionary<string, string>(environment) { ["AVOCET_DATA"] = folder.Path }, folder);
    }

    /// <summary>Serves on free ports, unless the arguments say otherwise, and waits until it does.</summary>
    public static Task<ChildProcess> ServeAsync(params string[] arguments) => ServeAsync(new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="ServeAsync(string[])"/>
    public static async Task<ChildProcess> ServeAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var all = new List<string> { "serve" };
        if (!arguments.Contains("--port")) all.AddRange(["--port", "auto"]);
        if (!arguments.Contains("--ws-port")) all.AddRange(["--ws-port", "auto"]);
        all.AddRange(arguments);

        var process = Start(environment, all);
        try
        {
            await process.WaitForLineAsync("Ready.");
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>The port of a listener, read from the start page.</summary>
    public static async Task<int> PortOfAsync(ChildProcess process, string listener = "tcp")
    {
        var line = await process.WaitForLineAsync($"Listener '{listener}' on ");
        return int.Parse(Port().Match(line).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"://[^/]*:(\d+)[/,]")]
    private static partial Regex Port();
}
