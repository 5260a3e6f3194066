using Xunit;

namespace Avocet.Simulation.Tests;

public sealed class SeedTests(ITestOutputHelper output)
{
    private const int SeedsInMemory = 400;
    private const int SeedsOnDisk = 400;

    [Fact]
    public void Broker_without_store_keeps_all_rules() => RunSeeds(SeedsInMemory, mayCrash: false);

    [Fact]
    public void Broker_with_store_keeps_all_rules_over_crashes_and_failures_of_the_disk() => RunSeeds(SeedsOnDisk, mayCrash: true);

    [Theory]
    [InlineData(3, false)]
    [InlineData(15, false)]
    [InlineData(4, true)]
    [InlineData(11, true)]
    public void Same_seed_gives_the_same_run_byte_for_byte(ulong seed, bool mayCrash)
    {
        var first = new SimulationRun(RunPlan.Of(seed, mayCrash)).Run();
        var second = new SimulationRun(RunPlan.Of(seed, mayCrash)).Run();

        Assert.NotEmpty(first.Trace.Lines);
        Assert.Equal(first.Trace.ToText(), second.Trace.ToText());
        Assert.Equal(first.Trace.Hash(), second.Trace.Hash());
    }

    private void RunSeeds(int count, bool mayCrash)
    {
        var failed = new List<RunResult>();
        int messages = 0, crashes = 0, commits = 0;
        for (var seed = 1ul; seed <= (ulong)count; seed++)
        {
            var result = new SimulationRun(RunPlan.Of(seed, mayCrash)).Run();
            messages += result.Messages;
            crashes += result.Crashes;
            commits += result.Commits;
            if (!result.IsGood) failed.Add(result);
        }

        output.WriteLine($"{count} seeds: {messages} messages, {crashes} crashes, {commits} commits, {failed.Count} failed");
        Assert.True(messages > count * 50, $"only {messages} messages were published");
        if (mayCrash) Assert.True(crashes > count, $"only {crashes} crashes");
        if (failed.Count > 0) Assert.Fail($"{failed.Count} of {count} seeds failed: {string.Join(' ', failed.Select(result => result.Seed))}\n{SimulationProgram.Describe(failed[0], mayCrash ? "" : "--no-crash")}");
    }
}
