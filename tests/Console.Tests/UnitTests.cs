using System.Diagnostics;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The tests of the console's own language, and its type check: they count here.</summary>
public sealed class UnitTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("test")]
    [InlineData("check")]
    public async Task Script_of_the_console_passes(string script)
    {
        using var npm = Process.Start(new ProcessStartInfo("npm", ["--silent", "run", script])
        {
            WorkingDirectory = Repository.File("src", "Console"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = npm.StandardOutput.ReadToEndAsync();
        var errors = npm.StandardError.ReadToEndAsync();
        try
        {
            await npm.WaitForExitAsync().WaitAsync(Deadline);
        }
        finally
        {
            npm.Kill(entireProcessTree: true);
        }

        Assert.True(npm.ExitCode == 0, await output + await errors);
    }
}
