using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>The commands of the real executable that do not serve.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Version_is_told()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+$", await RunAsync("--version"));
    }

    [Fact]
    public async Task Config_check_finds_a_good_file_good()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "[[listener]]\nname = \"plant\"\n");

        Assert.Equal($"{file} is good: 1 listener.", await RunAsync("config", "check", file));
    }

    [Fact]
    public async Task Config_check_tells_every_mistake_on_a_line()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "log_levle = 1\n[limits]\nreceive_maximum = 0\n");
        await using var process = AvocetProcess.Start("config", "check", file);

        Assert.Equal(1, await process.WaitForExitAsync());

        Assert.Equal(
            [
                $"avocet: {file}:1: there is no key 'log_levle'; the nearest is 'log_level'.",
                $"avocet: {file}:3: limits.receive_maximum = 0: allowed is a whole number from 1 to 65535.",
            ],
            process.ErrorLines);
    }

    [Fact]
    public async Task Config_show_tells_each_value_and_its_origin()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "data = \"mine\"\n[limits]\nreceive_maximum = 5\n");
        var environment = new Dictionary<string, string> { ["AVOCET_LIMITS__RECEIVE_MAXIMUM"] = "6", ["AVOCET_CONFIG"] = file };
        await using var process = AvocetProcess.Start(environment, "config", "show", "--port", "1999");

        var lines = (await process.WaitForSuccessAsync()).Split('\n');

        Assert.Contains(lines, line => line.StartsWith("data = ", StringComparison.Ordinal) && line.EndsWith($"# {file}:1", StringComparison.Ordinal));
        Assert.Contains("receive_maximum = 6                         # AVOCET_LIMITS__RECEIVE_MAXIMUM", lines);
        Assert.Contains("port = 1999                                 # --port", lines);
        Assert.Contains("log_level = \"info\"                          # default", lines);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("serve", "--help")]
    [InlineData("config", "show", "--help")]
    [InlineData("bench", "fanout", "--help")]
    public async Task Help_has_examples_and_exit_codes(params string[] arguments)
    {
        var help = await RunAsync(arguments);

        Assert.Contains("Examples:", help, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", help, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var process = AvocetProcess.Start(arguments);
        return await process.WaitForSuccessAsync();
    }
}
