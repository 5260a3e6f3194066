using Avocet.Simulation.RealClients;
using Xunit;

namespace Avocet.Simulation.Tests;

/// <summary>Avocet's clients and broker over connections that break.</summary>
public sealed class RealClientTests(ITestOutputHelper output)
{
    private const int Seeds = 300;

    [Fact]
    public async Task Messages_come_at_least_once_exactly_once_and_in_order_however_connections_break()
    {
        var results = new List<RunResult>();
        for (var seed = 1ul; seed <= Seeds; seed++) results.Add(await new ClientRun(ClientPlan.Of(seed)).RunAsync());

        var failed = results.Where(result => !result.IsGood).ToList();
        output.WriteLine($"{Seeds} seeds: {results.Sum(result => result.Messages)} messages, {results.Sum(result => result.Deliveries)} deliveries, {results.Sum(result => result.Cuts)} cuts, {failed.Count} failed");
        Assert.True(results.Sum(result => result.Messages) > Seeds * 100, "Too few messages were published.");
        Assert.True(results.Sum(result => result.Cuts) > Seeds, "Too few connections were cut.");
        if (failed.Count > 0) Assert.Fail($"{failed.Count} of {Seeds} seeds failed: {string.Join(' ', failed.Select(result => result.Seed))}\n{SimulationProgram.Describe(failed[0], "--clients")}");
    }
}
