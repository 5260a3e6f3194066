using Avocet.Cli.Bench;
using Xunit;

namespace Avocet.Server.Tests.Bench;

/// <summary>How far <c>avocet bench</c> lets a publisher get ahead of its receivers.</summary>
public sealed class OutstandingTests
{
    [Fact]
    public void Publisher_waits_for_the_slowest_of_those_who_receive_all()
    {
        var outstanding = new Outstanding(10, receivers: 2, eachReceivesAll: true);
        Assert.Equal(10, outstanding.Take(0, 100));
        Assert.Equal(0, outstanding.Take(10, 100));

        Assert.False(outstanding.Advance(0, 10));
        Assert.False(outstanding.Advance(1, 4));
        Assert.True(outstanding.Advance(1, 5));

        Assert.Equal(5, outstanding.Take(10, 100));
    }

    [Fact]
    public void Publisher_waits_for_the_sum_where_each_receives_a_part()
    {
        var outstanding = new Outstanding(10, receivers: 2, eachReceivesAll: false);
        Assert.Equal(0, outstanding.Take(10, 1));

        Assert.False(outstanding.Advance(0, 3));
        Assert.True(outstanding.Advance(1, 2));

        Assert.Equal(1, outstanding.Take(10, 1));
    }
}
