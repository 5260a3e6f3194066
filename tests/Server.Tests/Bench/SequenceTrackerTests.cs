using Avocet.Cli.Bench;
using Xunit;

namespace Avocet.Server.Tests.Bench;

/// <summary>What <c>avocet bench</c> makes of the numbers of received messages.</summary>
public sealed class SequenceTrackerTests
{
    [Theory]
    [InlineData("in order", new long[] { 0, 1, 2, 3 }, 0, 0, 0)]
    [InlineData("first missing", new long[] { 1, 2 }, 1, 0, 0)]
    [InlineData("gap", new long[] { 0, 3, 4 }, 2, 0, 0)]
    [InlineData("twice in a row", new long[] { 0, 0, 1 }, 0, 1, 0)]
    [InlineData("twice later", new long[] { 0, 1, 2, 1 }, 0, 1, 0)]
    [InlineData("swapped", new long[] { 1, 0, 2 }, 0, 0, 1)]
    [InlineData("from the middle of a gap", new long[] { 0, 5, 3 }, 3, 0, 1)]
    [InlineData("a gap filled from behind", new long[] { 0, 4, 3, 2, 1 }, 0, 0, 3)]
    [InlineData("late, and then again", new long[] { 0, 2, 1, 1 }, 0, 1, 1)]
    [InlineData("two gaps, one filled", new long[] { 0, 2, 4, 3 }, 1, 0, 1)]
    public void Numbers_are_judged(string name, long[] numbers, long lost, long duplicated, long reordered)
    {
        var tracker = default(SequenceTracker);
        foreach (var number in numbers) tracker.Observe(number);

        Assert.Equal((name, lost, duplicated, reordered, numbers.Length), (name, tracker.Lost, tracker.Duplicated, tracker.Reordered, tracker.Received));
    }

    [Fact]
    public void Gaps_that_are_too_many_to_remember_stay_lost()
    {
        var tracker = default(SequenceTracker);
        for (var number = 1L; number < 4_001; number += 2) tracker.Observe(number);

        tracker.Observe(0);
        tracker.Observe(3_998);

        Assert.Equal((1_999, 1, 1), (tracker.Lost, tracker.Duplicated, tracker.Reordered));
    }

    [Fact]
    public void Beginning_in_the_middle_loses_nothing()
    {
        var tracker = default(SequenceTracker);
        tracker.BeginAt(1_000);
        tracker.Observe(1_000);

        Assert.Equal((0, 1_001), (tracker.Lost, tracker.Next));
    }
}
