using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Security.Passwords;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Avocet.Security.Tests.Passwords;

public sealed class PasswordFileTests
{
    private static readonly string Alice = $"alice:{PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(101), "secret"u8)}\n";

    [Theory]
    [InlineData("alice", "a line is user:hash")]
    [InlineData(":$7$1$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA==", "a line is user:hash")]
    [InlineData("alice:plain", "the password is not hashed")]
    public void Line_that_is_wrong_is_named_and_not_shown(string line, string reason)
    {
        var error = Assert.Throws<SecurityFileException>(() => PasswordFile.Parse("users", $"# comment\n\n{line}\n"));

        Assert.StartsWith($"users:3: {reason}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("plain.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void User_that_is_there_twice_is_refused() =>
        Assert.Contains("users:2: this user is there already", Assert.Throws<SecurityFileException>(() => PasswordFile.Parse("users", Alice + Alice)).Message, StringComparison.Ordinal);

    [Theory, BothVersions]
    public async Task Connect_is_judged_by_the_file(ProtocolVersion version)
    {
        using var folder = new TemporaryFolder();
        using var hashing = new HashingThreads(1);
        await using var broker = BrokerWith(new PasswordFileAuthenticator(folder.Write("users", Alice), hashing, NullLogger.Instance));

        await broker.ConnectAsync(Given.Client("right").Version(version).UserName("alice").Password("secret"));
        var wrong = await broker.OpenAsync(Given.Client("wrong").Version(version).UserName("alice").Password("Secret"));
        await wrong.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        var unknown = await broker.OpenAsync(Given.Client("unknown").Version(version).UserName("bob").Password("secret"));
        await unknown.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        var nameless = await broker.OpenAsync(Given.Client("nameless").Version(version), new ListenerPolicy { Name = "closed" });
        await nameless.ExpectRefusalAsync(ReasonCode.NotAuthorized);
        // Anonymous clients are a matter of the listener, not of the file.
        await broker.ConnectAsync(Given.Client("anonymous").Version(version));
    }

    [Fact]
    public async Task Login_storm_does_not_stop_deliveries()
    {
        using var folder = new TemporaryFolder();
        using var go = new ManualResetEventSlim();
        using var hashing = new HashingThreads(1, 100, (_, _) => go.Wait(TimeSpan.FromSeconds(30)));
        await using var broker = BrokerWith(new PasswordFileAuthenticator(folder.Write("users", Alice), hashing, NullLogger.Instance));
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("a"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        var storm = new List<TestPeer>();
        for (var i = 0; i < 50; i++) storm.Add(await broker.OpenAsync(Given.Client($"s{i}").UserName("alice").Password("secret")));

        for (ushort i = 1; i <= 100; i++)
        {
            await writer.SendAsync(Given.Publish("a").Payload($"{i}").Qos1(i));
            await reader.ExpectAsync(Given.Publish("a").Payload($"{i}"));
            await writer.ExpectAsync(Given.Puback(i, ReasonCode.Success));
        }

        // Nobody of the storm was answered meanwhile, and all are now.
        Assert.False(go.IsSet);
        go.Set();
        foreach (var peer in storm) Assert.Equal(ReasonCode.Success, (await peer.ReadPacketAsync(PacketType.Connack)).Reason);
    }

    [Fact]
    public async Task Login_beyond_the_queue_is_refused_as_busy()
    {
        using var folder = new TemporaryFolder();
        using var go = new ManualResetEventSlim();
        using var begun = new SemaphoreSlim(0);
        using var hashing = new HashingThreads(1, 1, (_, _) => begun.Release() >= 0 && go.Wait(TimeSpan.FromSeconds(30)));
        await using var broker = BrokerWith(new PasswordFileAuthenticator(folder.Write("users", Alice), hashing, NullLogger.Instance));

        var first = await broker.OpenAsync(Given.Client("first").UserName("alice").Password("secret"));
        Assert.True(await begun.WaitAsync(TimeSpan.FromSeconds(10)));
        var second = await broker.OpenAsync(Given.Client("second").UserName("alice").Password("secret"));
        var third = await broker.OpenAsync(Given.Client("third").UserName("alice").Password("secret"));

        await third.ExpectRefusalAsync(ReasonCode.ServerBusy);
        go.Set();
        Assert.Equal(ReasonCode.Success, (await first.ReadPacketAsync(PacketType.Connack)).Reason);
        Assert.Equal(ReasonCode.Success, (await second.ReadPacketAsync(PacketType.Connack)).Reason);
    }

    [Fact]
    public async Task Reload_takes_new_users_and_keeps_the_old_when_a_line_is_wrong()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("users", Alice);
        var log = new CapturedLog();
        using var security = new BrokerSecurity(new SecurityOptions { PasswordFile = file }, new BrokerServices { LoggerFactory = log });
        await using var guarded = new TestBroker(services: security.AddTo(new BrokerServices()));
        security.Attach(guarded.Broker);
        var client = await guarded.ConnectAsync(Given.Client("c").UserName("alice").Password("secret"));

        folder.Write("users", Alice + "broken\n");
        security.ReloadIfChanged();
        Assert.Contains(log.Errors, entry => entry.Message.Contains("users:2: a line is user:hash", StringComparison.Ordinal));
        await guarded.ConnectAsync(Given.Client("d").UserName("alice").Password("secret"));
        await client.ExpectNothingAsync();

        folder.Write("users", $"alice:{PasswordHash.Create(PasswordAlgorithm.Sha512, "other"u8)}\n# longer\n");
        security.ReloadIfChanged();
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        await guarded.ConnectAsync(Given.Client("e").UserName("alice").Password("other"));
        var refused = await guarded.OpenAsync(Given.Client("f").UserName("alice").Password("secret"));
        await refused.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
    }

    private static TestBroker BrokerWith(PasswordFileAuthenticator authenticator) => new(services: new BrokerServices { Authenticators = [authenticator] });
}
