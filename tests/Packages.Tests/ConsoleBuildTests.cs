using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>The .NET build makes the console when its sources changed, and does without Node.js.</summary>
public sealed class ConsoleBuildTests
{
    private const string LeftOut = "The web console is left out, for there is no Node.js";

    [Fact]
    public async Task Console_is_built_when_a_source_has_changed_and_left_out_without_node()
    {
        Assert.True(Command.Exists("node"), "There is no Node.js here; ./test.sh installs it.");
        using var folder = new TemporaryFolder();
        // In place of the real console one whose build counts how often it is run.
        var console = Directory.CreateDirectory(folder.File("console")).FullName + "/";
        Directory.CreateDirectory(console + "src");
        await File.WriteAllTextAsync(console + "build.mjs", """
            import { appendFileSync } from "node:fs";
            appendFileSync("obj/runs", "x");
            """);
        await File.WriteAllTextAsync(console + "index.html", "<!doctype html>");
        await File.WriteAllTextAsync(console + "src/one.ts", "1");
        await File.WriteAllTextAsync(console + "src/two.ts", "2");
        var tools = Directory.CreateDirectory(folder.File("tools")).FullName;
        // The build runs commands by the shell.
        foreach (var tool in (string[])["dotnet", "sh"]) File.CreateSymbolicLink(Path.Combine(tools, tool), PathOf(tool));

        Assert.Contains(LeftOut, await BuildAsync(console, tools), StringComparison.Ordinal);
        Assert.Equal("", Runs(console));

        // Node.js was installed meanwhile.
        Assert.DoesNotContain(LeftOut, await BuildAsync(console), StringComparison.Ordinal);
        Assert.Equal("x", Runs(console));
        await BuildAsync(console);
        Assert.Equal("x", Runs(console));

        await File.WriteAllTextAsync(console + "src/one.ts", "3");
        await BuildAsync(console);
        Assert.Equal("xx", Runs(console));

        File.Delete(console + "src/two.ts");
        await BuildAsync(console);
        Assert.Equal("xxx", Runs(console));
    }

    private static Task<string> BuildAsync(string console, string? path = null) => Command.RunAsync(
        Command.Short,
        "/usr/bin/env",
        $"PATH={path ?? Environment.GetEnvironmentVariable("PATH")}",
        "dotnet",
        "msbuild",
        Repository.File("src", "Management", "Management.csproj"),
        "-nologo",
        "-verbosity:minimal",
        "-target:BuildConsole",
        $"-property:ConsoleFolder={console}");

    private static string Runs(string console) => File.Exists(console + "obj/runs") ? File.ReadAllText(console + "obj/runs") : "";

    private static string PathOf(string program)
    {
        var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => new FileInfo(Path.Combine(folder, program))).First(file => file.Exists);
        return found.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? found.FullName;
    }
}
