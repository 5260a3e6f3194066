using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>The package for <c>dotnet tool install</c>.</summary>
public sealed class ToolTests
{
    [Fact]
    public async Task Tool_is_packed_installed_run_and_removed()
    {
        using var folder = new TemporaryFolder();
        var packages = folder.File("packages");
        var tools = folder.File("tools");
        await Command.RunAsync(Command.Long, Repository.File("scripts/publish-tool.sh"), packages);
        // Nothing but what was packed here may be found.
        var sources = folder.Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="here" value="{packages}" /></packageSources>
              <config><add key="globalPackagesFolder" value="{folder.File("cache")}" /></config>
            </configuration>
            """);

        await Command.RunAsync(Command.Long, "dotnet", "tool", "install", "Avocet.Tool", "--tool-path", tools, "--configfile", sources);

        var program = Path.Combine(tools, "avocet");
        Assert.Contains("avocet serve", await Command.RunAsync(Command.Short, program, "serve", "--help"), StringComparison.Ordinal);
        await Command.RunAsync(Command.Short, "dotnet", "tool", "uninstall", "Avocet.Tool", "--tool-path", tools);
        Assert.False(File.Exists(program));
    }
}
