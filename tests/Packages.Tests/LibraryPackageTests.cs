using Avocet.Packages.Tests.Support;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>The packages for programs: a project that refers to them, and to nothing of this repository, is built and run.</summary>
public sealed class LibraryPackageTests
{
    private const string Program = """
        using Avocet.Client;
        using Avocet.Protocol;
        using Avocet.Testing;

        await using var broker = new TestMqttBroker();
        await using var client = new MqttClient(new MqttClientOptions { TransportFactory = broker.OpenAsync });
        await client.ConnectAsync();
        await using var readings = await client.OpenSubscriptionAsync("home/#");
        await client.PublishAsync("home/kitchen", "21.0", Qos.AtLeastOnce);
        await foreach (var reading in readings.ReadAllAsync())
        {
            Console.WriteLine($"{reading.Topic}: {reading.Text}");
            break;
        }
        """;

    [Fact]
    public async Task Program_with_the_packages_of_client_and_testing_is_built_and_runs()
    {
        using var folder = new TemporaryFolder();
        var packages = folder.File("packages");
        foreach (var name in new[] { "Protocol", "Broker", "Client", "Client.Hosting", "Client.Sqlite", "Testing" })
        {
            await Command.RunAsync(Command.Long, "dotnet", "pack", $"src/{name}", "-c", "Release", "--no-build", "-o", packages, "-v", "quiet", "--nologo");
        }

        // Ours are found where they were packed only; those of others are on this machine, for this build had them.
        folder.Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="here" value="{packages}" /></packageSources>
              <config><add key="globalPackagesFolder" value="{folder.File("cache")}" /></config>
              <fallbackPackageFolders><add key="machine" value="{MachinePackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        folder.Write("Program.cs", Program);
        var project = folder.Write("Program.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Avocet.Client" Version="*" />
                <PackageReference Include="Avocet.Client.Hosting" Version="*" />
                <PackageReference Include="Avocet.Client.Sqlite" Version="*" />
                <PackageReference Include="Avocet.Testing" Version="*" />
              </ItemGroup>
            </Project>
            """);
        await Command.RunAsync(Command.Long, "dotnet", "build", project, "-c", "Release", "-o", folder.File("program"), "-v", "quiet", "--nologo", "-p:UseSharedCompilation=false");

        var output = await Command.RunAsync(Command.Short, "dotnet", folder.File("program/Program.dll"));

        Assert.Equal("home/kitchen: 21.0\n", output);
    }

    private static string MachinePackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
