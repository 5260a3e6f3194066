using System.Runtime.InteropServices;
using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>The Debian package for arm64, such as a Raspberry Pi, made on amd64.</summary>
[Collection(NativeCollection.Name)]
public sealed class CrossPackageTests
{
    /// <summary>AArch64, in the header of an ELF file.</summary>
    private const int MachineArm64 = 183;

    [Fact]
    public async Task Package_for_arm64_has_programs_for_it_and_everything_else()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "It is made on amd64.");
        Assert.SkipUnless(Command.Exists("dpkg-deb") && Command.Exists("aarch64-linux-gnu-gcc"), "There is no cross linker for arm64.");
        using var folder = new TemporaryFolder();
        var output = await Command.RunAsync(Command.Long, Repository.File("scripts/publish-deb.sh"), "arm64");
        var package = Repository.File(output.Split('\n').Last(line => line.EndsWith("_arm64.deb", StringComparison.Ordinal)));
        await Command.RunAsync(Command.Short, "dpkg-deb", "-R", package, folder.Path);

        var control = await File.ReadAllTextAsync(folder.File("DEBIAN/control"));

        Assert.Contains("\nArchitecture: arm64\n", control, StringComparison.Ordinal);
        Assert.Matches(@"\nDepends: libc6 \(>= 2\.3[4-6]\), libgcc-s1, libssl3 \| libssl3t64, ", control);
        Assert.Equal(MachineArm64, Machine(folder.File("usr/lib/avocet/avocet")));
        Assert.Equal(MachineArm64, Machine(folder.File("usr/lib/avocet/librocksdb.so")));
        Assert.True(File.Exists(folder.File("usr/share/man/man1/avocet-sub.1.gz")));
        Assert.True(File.Exists(folder.File("lib/systemd/system/avocet.service")));
        Assert.True(File.Exists(folder.File("etc/avocet/avocet.toml")));
        await Command.RunAsync(Command.Short, "bash", "-c", $"cd '{folder.Path}' && md5sum --check --quiet DEBIAN/md5sums");
    }

    [Fact]
    public async Task Architecture_that_is_not_known_is_refused_in_one_line()
    {
        var (exitCode, output) = await Command.TryAsync(Command.Short, Repository.File("scripts/publish-deb.sh"), "mips");

        Assert.Equal(1, exitCode);
        Assert.Equal("publish-deb.sh: 'mips' is neither amd64 nor arm64\n", output);
    }

    private static int Machine(string file)
    {
        using var stream = File.OpenRead(file);
        var header = new byte[20];
        stream.ReadExactly(header);
        return BitConverter.ToUInt16(header, 18);
    }
}
