using System.Text.RegularExpressions;
using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>The Debian package, built once for all of them.</summary>
[Collection(NativeCollection.Name)]
public sealed partial class DebianPackageTests(DebianPackageTests.Built built) : IClassFixture<DebianPackageTests.Built>
{
    [Fact]
    public async Task Package_says_what_it_is_and_needs()
    {
        var package = built.Package;
        var architecture = (await Command.RunAsync(Command.Short, "dpkg", "--print-architecture")).Trim();

        Assert.Equal("avocet", await FieldAsync(package, "Package"));
        Assert.Equal(architecture, await FieldAsync(package, "Architecture"));
        Assert.Matches(@"^\d+\.\d+\.\d+\S*-1$", await FieldAsync(package, "Version"));
        // The store's library wants 2.34: Debian 12, Ubuntu 22.04.
        Assert.Matches(@"^libc6 \(>= 2\.3[4-6]\), libgcc-s1, libssl3 \| libssl3t64, adduser, init-system-helpers", await FieldAsync(package, "Depends"));
    }

    [Fact]
    public async Task Package_has_its_files_in_their_places_and_nothing_else()
    {
        var lines = (await Command.RunAsync(Command.Short, "dpkg-deb", "--contents", built.Package)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The manual has a test of its own.
        var files = lines.Select(line => Entry().Match(line))
            .Where(match => !match.Groups["name"].Value.EndsWith('/') && !match.Groups["name"].Value.StartsWith("./usr/share/man/man1/", StringComparison.Ordinal))
            .Select(match => $"{match.Groups["mode"].Value} {match.Groups["owner"].Value} {match.Groups["name"].Value}");

        Assert.Equal(
        [
            "-rw-r--r-- root/root ./etc/avocet/avocet.toml",
            "-rw-r--r-- root/root ./lib/systemd/system/avocet.service",
            "-rw-r--r-- root/root ./usr/lib/avocet/librocksdb.so",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/changelog.Debian.gz",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/changelog.gz",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/configuration.md",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/copyright",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/durability.md",
            "-rw-r--r-- root/root ./usr/share/doc/avocet/store.md",
            "-rw-r--r-- root/root ./usr/share/lintian/overrides/avocet",
            "-rwxr-xr-x root/root ./usr/lib/avocet/avocet",
            "lrwxrwxrwx root/root ./usr/bin/avocet -> ../lib/avocet/avocet",
        ], files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Package_is_installed_started_upgraded_removed_and_purged()
    {
        var (mayUnshare, _) = await Command.TryAsync(Command.Short, "unshare", "--mount", "--net", "true");
        Assert.SkipUnless(mayUnshare == 0, "Only root may install, on a copy of this system that is thrown away.");
        using var folder = new TemporaryFolder();
        var package = built.Package;
        var upgrade = folder.File("two.deb");
        var tree = folder.File("tree");
        await Command.RunAsync(Command.Short, "dpkg-deb", "-R", package, tree);
        var control = Path.Combine(tree, "DEBIAN", "control");
        await File.WriteAllTextAsync(control, Version().Replace(await File.ReadAllTextAsync(control), "Version: 99.0-1"));
        await Command.RunAsync(Command.Short, "dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, upgrade);

        var output = await Command.RunAsync(Command.Long, "bash", Repository.File("tests/Packages.Tests/install.sh"), package, upgrade, folder.Path);

        Assert.Contains("All steps done.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_starts_reloads_restarts_and_ends_under_systemd()
    {
        var (mayUnshare, _) = await Command.TryAsync(Command.Short, "unshare", "--mount", "--net", "--pid", "--fork", "--cgroup", "true");
        Assert.SkipUnless(mayUnshare == 0, "Only root may boot systemd, on a copy of this system that is thrown away.");
        Assert.SkipUnless(File.Exists("/usr/lib/systemd/systemd"), "systemd is not installed.");
        using var folder = new TemporaryFolder();

        var (_, output) = await Command.TryAsync(
            Command.Long, "bash", Repository.File("tests/Packages.Tests/systemd.sh"), built.Package, folder.Path);

        var result = folder.File("out/result");
        var steps = File.Exists(result) ? await File.ReadAllTextAsync(result) : "";
        Assert.True(steps.EndsWith("All steps done.\n", StringComparison.Ordinal), $"{steps}\n{output}");
    }

    [Fact]
    public async Task Package_satisfies_lintian()
    {
        Assert.SkipUnless(Command.Exists("lintian"), "lintian is not installed.");

        var (exitCode, output) = await Command.TryAsync(
            Command.Long, "lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", built.Package);

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task Unit_satisfies_systemd()
    {
        Assert.SkipUnless(Command.Exists("systemd-analyze"), "systemd-analyze is not installed.");
        using var folder = new TemporaryFolder();
        var unit = await File.ReadAllTextAsync(Repository.File("packaging/debian/avocet.service"));
        // It looks whether the program is there, and whether its manual is.
        var file = folder.Write("avocet.service", unit.Replace("ExecStart=/usr/bin/avocet", "ExecStart=/bin/true", StringComparison.Ordinal)
            .Replace("Documentation=man:avocet(1)\n", "", StringComparison.Ordinal));

        var output = await Command.RunAsync(Command.Short, "systemd-analyze", "verify", "--man=no", file);

        Assert.DoesNotContain("avocet.service", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manual_has_a_page_without_mistakes_for_each_command_of_the_help()
    {
        Assert.SkipUnless(Command.Exists("man"), "man is not installed.");
        using var folder = new TemporaryFolder();
        await Command.RunAsync(Command.Short, "dpkg-deb", "-x", built.Package, folder.Path);
        var pages = Directory.GetFiles(folder.File("usr/share/man/man1"));
        foreach (var page in pages)
        {
            // What is wrong goes to standard error.
            var mistakes = await Command.RunAsync(Command.Short, "bash", "-c", $"man --warnings -E UTF-8 -P cat -l '{page}' 2>&1 > /dev/null");
            Assert.True(mistakes.Length == 0, $"{page}:\n{mistakes}");
        }

        var help = await Command.RunAsync(Command.Short, folder.File("usr/lib/avocet/avocet"), "--help");
        var commands = CommandName().Matches(help).Select(match => $"avocet-{match.Groups["name"].Value}.1.gz").Prepend("avocet.1.gz").Order(StringComparer.Ordinal);
        Assert.Contains("avocet-serve.1.gz", commands);
        Assert.Equal(commands, pages.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^(?<mode>\S+)\s+(?<owner>\S+)\s+\d+\s+\S+\s+\S+\s+(?<name>.+)$")]
    private static partial Regex Entry();

    /// <summary>The first word of a line under Commands.</summary>
    [GeneratedRegex(@"(?m)(?<=^Commands:\n(?:  .*\n)*)^  (?<name>[a-z][a-z-]*)")]
    private static partial Regex CommandName();

    [GeneratedRegex("(?m)^Version: .*$")]
    private static partial Regex Version();

    private static async Task<string> FieldAsync(string package, string field) => (await Command.RunAsync(Command.Short, "dpkg-deb", "--field", package, field)).Trim();

    /// <summary>The package of this machine's architecture.</summary>
    public sealed class Built : IAsyncLifetime
    {
        private string? _package;

        /// <summary>Where it is.</summary>
        public string Package
        {
            get
            {
                Assert.SkipWhen(_package is null, "There is no dpkg-deb.");
                return _package!;
            }
        }

        public async ValueTask InitializeAsync()
        {
            if (!Command.Exists("dpkg-deb")) return;

            var output = await Command.RunAsync(Command.Long, Repository.File("scripts/publish-deb.sh"));
            _package = Repository.File(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Last(line => line.EndsWith(".deb", StringComparison.Ordinal)));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
