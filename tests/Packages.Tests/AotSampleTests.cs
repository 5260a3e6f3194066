using System.Runtime.InteropServices;
using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Avocet.Testing;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>A program with Avocet.Client, compiled ahead of time: trimming and native code leave nothing out that it needs.</summary>
public sealed class AotSampleTests
{
    [Fact]
    public async Task Sensor_compiled_ahead_of_time_talks_to_the_broker()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It is compiled with Linux's linker.");
        using var folder = new TemporaryFolder();
        var runtime = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        string[] linker = Command.Exists("clang") ? [] : ["-p:CppCompilerAndLinker=gcc"];
        await Command.RunAsync(
            Command.Long, "dotnet", ["publish", "samples/Sensor", "-c", "Release", "-r", runtime, "-p:PublishAot=true", "-o", folder.Path, "--artifacts-path", "artifacts/samples", "-v", "quiet", "--nologo", "-p:RunAnalyzers=false",
                "-p:UseSharedCompilation=false", .. linker]);
        await using var broker = new TestMqttBroker();

        var output = await Command.RunAsync(Command.Short, folder.File("sensor"), $"mqtt://{broker.Listen()}");

        Assert.Equal("house/sensor/reading: 22.5 °C\nfine\n", output);
        // Nothing of .NET lies beside it.
        Assert.Empty(Directory.GetFiles(folder.Path, "*.dll"));
    }
}
