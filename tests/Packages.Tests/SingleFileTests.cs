using System.Runtime.InteropServices;
using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>What ./publish.sh makes.</summary>
public sealed class SingleFileTests
{
    private static readonly string Runtime = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    [Fact]
    public async Task Archive_has_all_that_a_machine_without_dotnet_needs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What is published for Linux starts there only.");
        using var folder = new TemporaryFolder();
        var output = await Command.RunAsync(Command.Long, Repository.File("publish.sh"), "--archive", Runtime);
        var archive = output.Split('\n').Last(line => line.EndsWith(".tar.gz", StringComparison.Ordinal));
        await Command.RunAsync(Command.Short, "tar", "-C", folder.Path, "-xzf", Repository.File(archive));
        var unpacked = Assert.Single(Directory.GetDirectories(folder.Path));

        var files = Directory.GetFiles(unpacked).Select(Path.GetFileName).Order(StringComparer.Ordinal);

        Assert.Equal(["CHANGELOG.md", "LICENSE", "README.md", "THIRD-PARTY-NOTICES.txt", "avocet", "librocksdb.so"], files);
        await PublishedProgram.ServeTwiceAsync(Path.Combine(unpacked, "avocet"));
    }

    [Fact]
    public async Task Runtime_that_is_not_known_is_refused_in_one_line()
    {
        var (exitCode, output) = await Command.TryAsync(Command.Short, Repository.File("publish.sh"), "linux-mips");

        Assert.Equal(1, exitCode);
        Assert.Equal("publish.sh: 'linux-mips' is none of linux-x64 linux-arm64 linux-musl-x64 osx-arm64 win-x64\n", output);
    }
}
