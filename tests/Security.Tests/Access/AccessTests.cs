using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Security.Access;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Avocet.Security.Tests.Access;

/// <summary>What the rules do in the broker. Anonymous clients, so that no passwords are needed.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Publish_subscribe_will_and_delivery_obey_the_file()
    {
        using var folder = new TemporaryFolder();
        await using var broker = BrokerWith(new SecurityOptions { AclFile = folder.Write("acl", "topic readwrite a/#\ntopic deny a/secret\ntopic write w/#\n") }, out _);
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("#").Filter("a/secret").Filter("b"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success, ReasonCode.NotAuthorized, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("b").Payload("x").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("a/x").Payload("x").Qos1(2));
        await client.ExpectAsync(Given.Publish("a/x").Payload("x"));
        await client.ExpectAsync(Given.Puback(2, ReasonCode.Success));
        await client.SendAsync(Given.Publish("w/x").Payload("x"));
        await client.ExpectNothingAsync();

        var refused = await broker.OpenAsync(Given.Client("d").Will("b", "x"));
        await refused.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Retained_messages_that_may_not_be_read_are_not_replayed()
    {
        using var folder = new TemporaryFolder();
        await using var broker = BrokerWith(new SecurityOptions { AclFile = folder.Write("acl", "topic read a\ntopic write #\n") }, out _);
        var writer = await broker.ConnectAsync(Given.Client("w"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Retain());
        await writer.SendAsync(Given.Publish("b").Payload("2").Retain());
        await writer.ExpectNothingAsync();

        var reader = await broker.ConnectAsync(Given.Client("r").Subscribed("+", Qos.AtMostOnce));

        await reader.ExpectAsync(Given.Publish("a").Payload("1").Retain());
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Change_counts_at_once_for_live_sessions_and_for_what_is_queued()
    {
        using var folder = new TemporaryFolder();
        await using var broker = BrokerWith(new SecurityOptions { AclFile = folder.Write("acl", "topic #\n") }, out var security);
        var writer = await broker.ConnectAsync(Given.Client("w"));
        var reader = await broker.ConnectAsync(Given.Client("r").Subscribed("#"));
        var away = await broker.ConnectAsync(Given.Client("away").SessionExpiry(1000).Subscribed("#"));
        await away.CloseAsync();
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1));
        await writer.ExpectAsync(Given.Puback(1, ReasonCode.Success));
        await reader.ExpectAsync(Given.Publish("a").Payload("1"));

        folder.Write("acl", "topic write #\ntopic read other\n");
        security.ReloadIfChanged();

        await writer.SendAsync(Given.Publish("a").Payload("2").Qos1(2));
        await writer.ExpectAsync(Given.Puback(2, ReasonCode.Success));
        await reader.ExpectNothingAsync();
        var back = await broker.ConnectAsync(Given.Client("away").SessionExpiry(1000).Clean(false));
        await back.ExpectNothingAsync();
        await writer.SendAsync(Given.Publish("other").Payload("3"));
        await reader.ExpectAsync(Given.Publish("other").Payload("3"));
        await back.ExpectAsync(Given.Publish("other").Payload("3"));
    }

    [Fact]
    public async Task Error_on_reload_keeps_the_old_rules_and_says_so()
    {
        using var folder = new TemporaryFolder();
        var log = new CapturedLog();
        await using var broker = BrokerWith(new SecurityOptions { AclFile = folder.Write("acl", "topic a\n") }, out var security, log);
        var client = await broker.ConnectAsync(Given.Client("c"));

        folder.Write("acl", "topic b\ntopick c\n");
        security.ReloadIfChanged();

        Assert.Contains(log.Errors, entry => entry.Message.Contains("acl:2: a line is", StringComparison.Ordinal));
        await client.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Publish("b").Payload("x").Qos1(2));
        await client.ExpectAsync(Given.Puback(2, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Rules_with_conditions_come_first_and_in_their_order()
    {
        var rules = new[]
        {
            new AccessRuleOptions { Topic = "a/#", IsAllow = false, Action = "publish", QosMin = 2 },
            new AccessRuleOptions { Topic = "a/kept", IsAllow = false, Action = "publish", Retain = "yes" },
            new AccessRuleOptions { Topic = "a/%c", IsAllow = true, Address = "127.0.0.0/8" },
            new AccessRuleOptions { Topic = "b", IsAllow = true, Address = "10.0.0.0/8" },
            new AccessRuleOptions { Topic = "a/kept", IsAllow = true, Client = "c" },
        };
        await using var broker = BrokerWith(new SecurityOptions { Rules = rules }, out _);
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a/c").Payload("x").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Publish("a/c").Payload("x").Qos2(2));
        await client.ExpectAsync(Given.Pubrec(2, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("a/kept").Payload("x").Qos1(3).Retain());
        await client.ExpectAsync(Given.Puback(3, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("a/kept").Payload("x").Qos1(4));
        await client.ExpectAsync(Given.Puback(4, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Publish("b").Payload("x").Qos1(5));
        await client.ExpectAsync(Given.Puback(5, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("a/d").Payload("x").Qos1(6));
        await client.ExpectAsync(Given.Puback(6, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Shared_subscription_gives_a_message_to_a_member_that_may_read_it()
    {
        var rules = new[]
        {
            new AccessRuleOptions { Topic = "jobs", IsAllow = false, Action = "subscribe", Client = "new" },
            new AccessRuleOptions { Topic = "#" },
        };
        await using var broker = BrokerWith(new SecurityOptions { Rules = rules }, out _);
        var barred = await broker.ConnectAsync(Given.Client("new").Subscribed("$share/g/+"));
        var member = await broker.ConnectAsync(Given.Client("old").Subscribed("$share/g/+"));
        var writer = await broker.ConnectAsync(Given.Client("w"));

        for (var i = 0; i < 4; i++)
        {
            await writer.SendAsync(Given.Publish("jobs").Payload($"{i}"));
            await member.ExpectAsync(Given.Publish("jobs").Payload($"{i}"));
        }

        await barred.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(SysAccess.Auto, true, false)]
    [InlineData(SysAccess.Auto, false, true)]
    [InlineData(SysAccess.All, true, true)]
    [InlineData(SysAccess.Admins, false, false)]
    public void Sys_without_rules_is_for_administrators_where_clients_log_in(SysAccess sys, bool hasAuthentication, bool isAllowed)
    {
        var rules = new AccessRules(new SecurityOptions { Sys = sys, Admins = "root, boss" }, null, new Dictionary<string, AclFile>(), hasAuthentication);

        Assert.Equal(isAllowed, rules.Decide(new Subject("c", "alice", null, "tcp"), AclAction.Subscribe, "$SYS/#"u8).IsAllowed);
        Assert.Equal(isAllowed, rules.Decide(new Subject("c", "alice", null, "tcp"), AclAction.Receive, "$SYS/broker/uptime"u8).IsAllowed);
        Assert.True(rules.Decide(new Subject("c", "boss", null, "tcp"), AclAction.Receive, "$SYS/broker/uptime"u8).IsAllowed);
        Assert.False(rules.Decide(new Subject("c", "boss", null, "tcp"), AclAction.Publish, "$SYS/broker/uptime"u8).IsAllowed);
        Assert.True(rules.Decide(new Subject("c", "alice", null, "tcp"), AclAction.Subscribe, "#"u8).IsAllowed);
    }

    private static TestBroker BrokerWith(SecurityOptions options, out BrokerSecurity security, CapturedLog? log = null)
    {
        security = new BrokerSecurity(options, new BrokerServices { LoggerFactory = log ?? (Microsoft.Extensions.Logging.ILoggerFactory)NullLoggerFactory.Instance });
        var broker = new TestBroker(services: security.AddTo(new BrokerServices()));
        security.Attach(broker.Broker);
        return broker;
    }
}
