using System.Globalization;
using System.Text;
using Avocet.Server.Tests.Support;

namespace Avocet.Cli.Tests.Clients;

/// <summary>The real executable and Mosquitto's tools, at a broker of the test.</summary>
internal static class ToolProcess
{
    public static ChildProcess Avocet(int port, params string[] arguments) => AvocetProcess.Start(Environment, [.. arguments, "-h", "127.0.0.1", "-p", Text(port)]);

    public static ChildProcess Mosquitto(string program, int port, params string[] arguments) =>
        ChildProcess.Start(program == "mosquitto_sub" ? "stdbuf" : program, [.. program == "mosquitto_sub" ? ["-oL", program] : (string[])[], "-h", "127.0.0.1", "-p", Text(port), .. arguments], Environment);

    /// <summary>Publishes with mosquitto_pub.</summary>
    public static async Task PublishAsync(int port, params string[] arguments)
    {
        await using var process = Mosquitto("mosquitto_pub", port, arguments);
        await process.WaitForSuccessAsync();
    }

    /// <summary>Runs avocet with standard input, and gives what it wrote to standard output.</summary>
    public static async Task<string> PipeAsync(string input, int port, params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(AvocetProcess.Program, [.. arguments, "-h", "127.0.0.1", "-p", Text(port)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Xunit.Assert.Equal(0, process.ExitCode);
        return output;
    }

    // What the developer has in his own configuration must not change the tests.
    private static readonly Dictionary<string, string> Environment = new() { ["XDG_CONFIG_HOME"] = "/nonexistent", ["HOME"] = "/nonexistent", ["TZ"] = "UTC" };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
