using System.Net;
using System.Text;
using Avocet.Security.Access;
using Xunit;

namespace Avocet.Security.Tests.Access;

public sealed class AclFileTests
{
    private const string Rules = """
        # anonymous clients
        topic read public/#
        topic deny public/secret

        user alice
        topic home/#
        topic deny home/vault/#
        topic write $SYS/broker/log
        topic read $SYS/#
        topic read with blank/+

        user strict
        topic subscribe plant/+/state
        topic read plant/#

        pattern readwrite device/%c/#
        pattern write user/%u/in
        pattern read prefix-%c-%u/x
        """;

    [Theory]
    [InlineData(null, "c", "Receive", "public/a", true, 2)]
    [InlineData(null, "c", "Receive", "public", true, 2)]
    [InlineData(null, "c", "Receive", "public/secret", false, 3)]
    [InlineData(null, "c", "Publish", "public/a", false, 0)]
    [InlineData("alice", "c", "Receive", "public/a", false, 0)]
    [InlineData("alice", "c", "Publish", "home/door", true, 6)]
    [InlineData("alice", "c", "Publish", "home/vault/door", false, 7)]
    [InlineData("alice", "c", "Receive", "home/vault", false, 7)]
    [InlineData("alice", "c", "Receive", "$SYS/broker/uptime", true, 9)]
    [InlineData("alice", "c", "Receive", "with blank/x", true, 10)]
    [InlineData("bob", "c", "Publish", "home/door", false, 0)]
    [InlineData("bob", "c", "Publish", "device/c/x", true, 16)]
    [InlineData(null, "c", "Receive", "device/c", true, 16)]
    [InlineData("bob", "c", "Publish", "device/d/x", false, 0)]
    [InlineData("bob", "c", "Publish", "user/bob/in", true, 17)]
    [InlineData(null, "c", "Publish", "user//in", false, 0)]
    [InlineData("bob", "c", "Receive", "prefix-c-bob/x", true, 18)]
    [InlineData("%c", "c", "Receive", "prefix-c-%c/x", true, 18)]
    // A name with a wildcard or '/' must not reach the topics of others.
    [InlineData("bob", "+", "Publish", "device/d/x", false, 0)]
    [InlineData("bob", "#", "Publish", "device/d/x", false, 0)]
    [InlineData("bob", "c/d", "Publish", "device/c/d/x", false, 0)]
    [InlineData("bob", "", "Publish", "device//x", false, 0)]
    // Subscriptions: refused is what can never match anything allowed.
    [InlineData("alice", "c", "Subscribe", "home/#", true, 6)]
    [InlineData("alice", "c", "Subscribe", "#", true, 6)]
    [InlineData("alice", "c", "Subscribe", "+/x", true, 6)]
    [InlineData("alice", "c", "Subscribe", "home/vault/+", false, 7)]
    [InlineData("alice", "c", "Subscribe", "garden/#", false, 0)]
    [InlineData("alice", "c", "Subscribe", "$SYS/broker/#", true, 9)]
    [InlineData("bob", "c", "Subscribe", "$SYS/#", false, 0)]
    [InlineData("bob", "c", "Subscribe", "device/+/x", true, 16)]
    [InlineData("bob", "c", "Subscribe", "device/d/#", false, 0)]
    [InlineData("bob", "c", "Subscribe", "user/bob/in", false, 0)]
    // With a 'subscribe' line a filter has to lie within one.
    [InlineData("strict", "c", "Subscribe", "plant/1/state", true, 13)]
    [InlineData("strict", "c", "Subscribe", "plant/+/state", true, 13)]
    [InlineData("strict", "c", "Subscribe", "plant/#", false, 0)]
    [InlineData("strict", "c", "Receive", "plant/1/state", true, 13)]
    [InlineData("strict", "c", "Publish", "plant/1/state", false, 0)]
    public void Wish_is_decided_by_the_line(string? user, string client, string action, string topic, bool isAllowed, int line)
    {
        var subject = new Subject(client, user, IPAddress.Loopback, "tcp");

        var decision = AclFile.Parse("acl", Rules).Decide(subject, Enum.Parse<AclAction>(action), Encoding.UTF8.GetBytes(topic));

        Assert.Equal((isAllowed, line == 0 ? null : $"acl:{line}"), (decision.IsAllowed, decision.Rule?.Origin));
    }

    [Theory]
    [InlineData("topics a", "a line is 'user NAME'")]
    [InlineData("user", "a line is 'user NAME'")]
    [InlineData("topic", "the topic is missing")]
    [InlineData("topic a/#/b", "'#' is only allowed as the last level")]
    [InlineData("topic read a+", "'+' and '#' stand for whole levels")]
    [InlineData("topic reed a", "'reed' is no access")]
    public void Line_that_is_wrong_is_named(string line, string problem)
    {
        var error = Assert.Throws<SecurityFileException>(() => AclFile.Parse("acl", $"\n{line}\n"));

        Assert.StartsWith($"acl:2: {problem}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/+", "a/b", true, true)]
    [InlineData("a/+", "a/+", true, true)]
    [InlineData("a/+", "a/#", false, true)]
    [InlineData("a/#", "a", true, true)]
    [InlineData("a/#", "a/#", true, true)]
    [InlineData("a/b", "a/+", false, true)]
    [InlineData("a", "a/#", false, true)]
    [InlineData("a/b", "a", false, false)]
    [InlineData("+/b", "a/c", false, false)]
    [InlineData("#", "$SYS/a", false, false)]
    [InlineData("+/a", "$SYS/a", false, false)]
    [InlineData("$SYS/#", "#", false, false)]
    [InlineData("$SYS/#", "$SYS/+", true, true)]
    [InlineData("a//b", "a/+/b", false, true)]
    public void Filter_covers_and_overlaps(string rule, string filter, bool covers, bool overlaps)
    {
        var subject = new Subject("c", "u", null, "tcp");
        var parsed = AclFilter.Parse(rule, isPattern: false, out _)!;
        var bytes = Encoding.UTF8.GetBytes(filter);

        Assert.Equal((covers, overlaps), (parsed.Covers(bytes, subject), parsed.Overlaps(bytes, subject)));
    }
}
