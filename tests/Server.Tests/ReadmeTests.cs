using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>
/// Does what the README says, block by block, as a reader with three terminals would. The word behind a block's language tells how: <c>serve</c>
/// and <c>listen</c> go on running, other commands must succeed, a <c>text</c> block is what was to be seen.
/// </summary>
[Collection(nameof(StandardPorts))]
public sealed partial class ReadmeTests
{
    private static readonly int[] Ports = [1883, 8083];

    [Fact]
    public async Task Everything_that_the_readme_shows_works()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).Intersect(Ports).ToList();
        Assert.True(taken.Count == 0, $"Port {string.Join(" and ", taken)} is in use on this machine, and the README names it. Stop what listens there, and run the tests again.");

        using var folder = new TemporaryFolder();
        // So that mosquitto_sub says when it has subscribed.
        folder.Write("mosquitto_sub", "-d\n");
        var running = new Dictionary<string, ChildProcess>();
        try
        {
            var blocks = Blocks().Matches(await File.ReadAllTextAsync(Repository.File("README.md"), TestContext.Current.CancellationToken));
            Assert.True(blocks.Count > 8, $"only {blocks.Count} blocks were found");
            ChildProcess? last = null;
            foreach (Match block in blocks)
            {
                var kind = block.Groups["kind"].Value;
                var text = block.Groups["text"].Value;
                if (kind.StartsWith("text", StringComparison.Ordinal))
                {
                    foreach (var line in text.Split('\n')) await (kind == "text heard" ? running["sh listen"] : last!).WaitForLineAsync(line);
                    continue;
                }

                last = Start(kind, text, folder);
                running[kind == "sh serve" || kind == "sh listen" ? kind : $"{kind} {running.Count}"] = last;
                if (kind == "sh serve") await last.WaitForLineAsync("Ready.");
                else if (kind == "sh listen") await last.WaitForLineAsync("Subscribed");
                else await last.WaitForSuccessAsync();
            }

            running["sh serve"].Signal(PosixSignal.SIGINT);
            await running["sh serve"].WaitForSuccessAsync();
        }
        finally
        {
            foreach (var process in running.Values) await process.DisposeAsync();
        }
    }

    private static ChildProcess Start(string kind, string text, TemporaryFolder folder)
    {
        var environment = new Dictionary<string, string>
        {
            ["XDG_CONFIG_HOME"] = folder.Path,
            // The reader's folder must not get what the test sends.
            ["AVOCET_DATA"] = folder.File("data"),
            // As if it were installed.
            ["PATH"] = $"{Path.GetDirectoryName(AvocetProcess.Program)}:{Environment.GetEnvironmentVariable("PATH")}",
            ["NODE_PATH"] = Repository.File("tests", "Server.Tests", "js", "node_modules"),
        };
        return kind switch
        {
            "python" => ChildProcess.Start("/usr/bin/python3", [folder.Write("sensor.py", text)], environment),
            "js" => ChildProcess.Start("node", [folder.Write("reader.js", text)], environment),
            "toml" => ChildProcess.Start(AvocetProcess.Program, ["config", "check", folder.Write("avocet.toml", text)], environment),
            // By itself mosquitto_sub keeps its output back when it is not written to a terminal.
            "sh listen" => ChildProcess.Start("bash", ["-c", $"exec stdbuf -oL {text}"], environment),
            "sh" or "sh serve" => ChildProcess.Start("bash", ["-c", $"cd '{Repository.Root}' && exec {text}"], environment),
            _ => throw new InvalidOperationException($"The README has a block '{kind}', of which this test does not know what to do."),
        };
    }

    [GeneratedRegex(@"^```(?<kind>[a-z ]+)\n(?<text>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
