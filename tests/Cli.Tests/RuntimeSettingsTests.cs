using System.Text.Json;
using Xunit;

namespace Avocet.Cli.Tests;

/// <summary>What the project file asks of .NET reaches the program. Nothing else would show that it got lost, but for memory and time.</summary>
public sealed class RuntimeSettingsTests
{
    [Theory]
    [InlineData("System.GC.Gen0MaxBudget", "16777216")]
    [InlineData("System.GC.Server", "false")]
    [InlineData("System.GC.Concurrent", "true")]
    [InlineData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", "0")]
    [InlineData("System.Runtime.TieredPGO", "false")]
    public async Task Program_runs_with_the_settings_that_were_measured(string name, string value)
    {
        await using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "avocet.runtimeconfig.json"));
        using var settings = await JsonDocument.ParseAsync(file);

        Assert.Equal(value, settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty(name).ToString().ToLowerInvariant());
    }
}
