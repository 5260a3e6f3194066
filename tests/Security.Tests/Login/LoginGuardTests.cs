using System.Net;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Login;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Security.Tests.Login;

public sealed class LoginGuardTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly KnownUser _user = new();

    [Fact]
    public async Task Address_is_banned_after_failures_and_let_in_after_the_time()
    {
        var guard = Guard(new LoginOptions { FailuresMax = 3, BanSeconds = 60, DelayMilliseconds = 0 });
        for (var i = 0; i < 3; i++) Assert.Equal(ReasonCode.BadUserNameOrPassword, await AskAsync(guard, "wrong"));

        Assert.Equal(ReasonCode.Banned, await AskAsync(guard, "secret"));
        Assert.Equal(3, _user.Asked);
        Assert.Equal(ReasonCode.Success, await AskAsync(guard, "secret", "192.0.2.2"));
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(ReasonCode.Success, await AskAsync(guard, "secret"));
    }

    [Fact]
    public async Task Success_begins_the_count_anew()
    {
        var guard = Guard(new LoginOptions { FailuresMax = 2, DelayMilliseconds = 0 });
        foreach (var password in (string[])["wrong", "secret", "wrong", "secret"])
        {
            Assert.Equal(password == "secret" ? ReasonCode.Success : ReasonCode.BadUserNameOrPassword, await AskAsync(guard, password));
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.77", true)]
    [InlineData("192.0.2.1", "192.0.3.1", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::1", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    public async Task Addresses_of_one_prefix_are_one_place(string first, string second, bool areOne)
    {
        var guard = Guard(new LoginOptions { FailuresMax = 1, DelayMilliseconds = 0, Ipv4Prefix = 24, Ipv6Prefix = 64 });
        await AskAsync(guard, "wrong", first);

        Assert.Equal(areOne ? ReasonCode.Banned : ReasonCode.Success, await AskAsync(guard, "secret", second));
    }

    [Fact]
    public async Task User_is_banned_from_everywhere_only_where_asked_for()
    {
        var guard = Guard(new LoginOptions { UserFailuresMax = 2, FailuresMax = 0, DelayMilliseconds = 0 });
        await AskAsync(guard, "wrong", "192.0.2.1");
        await AskAsync(guard, "wrong", "192.0.2.2");

        Assert.Equal(ReasonCode.Banned, await AskAsync(guard, "secret", "192.0.2.3"));
    }

    [Fact]
    public async Task Answer_to_a_failure_is_held_back()
    {
        var guard = Guard(new LoginOptions { DelayMilliseconds = 200 });
        var first = AskAsync(guard, "wrong");
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        Assert.False(first.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await first.WaitAsync(TimeSpan.FromSeconds(10));

        var second = AskAsync(guard, "wrong");
        _clock.Advance(TimeSpan.FromMilliseconds(399));
        Assert.False(second.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await second.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("10.0.0.0/8, fd00::/8", "", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8, fd00::/8", "", "fd00::1", true)]
    [InlineData("10.0.0.0/8, fd00::/8", "", "192.0.2.1", false)]
    [InlineData("10.0.0.0/8", "10.6.6.6", "10.6.6.6", false)]
    [InlineData("", "10.6.6.6", "10.6.6.7", true)]
    [InlineData("", "10.6.6.5/31", "::ffff:10.6.6.4", false)]
    public async Task Address_lists_decide_before_everything(string allow, string deny, string address, bool isAllowed)
    {
        var guard = Guard(new LoginOptions { AllowFrom = allow, DenyFrom = deny });

        Assert.Equal(isAllowed ? ReasonCode.Success : ReasonCode.NotAuthorized, await AskAsync(guard, "secret", address));
    }

    [Theory]
    [InlineData(ClientIdBinding.Any, "x", true)]
    [InlineData(ClientIdBinding.Equal, "alice", true)]
    [InlineData(ClientIdBinding.Equal, "alice-1", false)]
    [InlineData(ClientIdBinding.Prefix, "alice", true)]
    [InlineData(ClientIdBinding.Prefix, "alice-1", true)]
    [InlineData(ClientIdBinding.Prefix, "alice2", false)]
    [InlineData(ClientIdBinding.Prefix, "bob", false)]
    public async Task Client_identifier_is_bound_to_the_user(ClientIdBinding binding, string clientId, bool isAllowed)
    {
        var guard = Guard(new LoginOptions { ClientId = binding });

        Assert.Equal(isAllowed ? ReasonCode.Success : ReasonCode.ClientIdentifierNotValid, await AskAsync(guard, "secret", clientId: clientId));
    }

    [Fact]
    public void Failures_of_many_are_bounded()
    {
        var failures = new FailureLog<int>(5, TimeSpan.FromHours(1), _clock);

        for (var i = 0; i < FailureLog<int>.KeysMax + 100; i++) failures.Add(i);

        Assert.Equal(FailureLog<int>.KeysMax, failures.Count);
    }

    [Fact]
    public async Task User_has_as_many_connections_as_allowed_and_may_replace_one()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ConnectionsPerUserMax = 2 });
        var first = await broker.ConnectAsync(Given.Client("a").UserName("u"));
        await broker.ConnectAsync(Given.Client("b").UserName("u"));
        await broker.ConnectAsync(Given.Client("other").UserName("v"));

        var third = await broker.OpenAsync(Given.Client("c").UserName("u"));
        await third.ExpectRefusalAsync(ReasonCode.QuotaExceeded);
        await broker.ConnectAsync(Given.Client("a").UserName("u"));
        await first.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        var fourth = await broker.OpenAsync(Given.Client("c").UserName("u"));
        await fourth.ExpectRefusalAsync(ReasonCode.QuotaExceeded);
    }

    private LoginGuard Guard(LoginOptions options) => new(options, [_user], _clock, NullLogger.Instance);

    private static async Task<ReasonCode> AskAsync(LoginGuard guard, string password, string address = "192.0.2.1", string clientId = "alice")
    {
        var request = new AuthenticationRequest
        {
            ClientId = clientId,
            UserName = "alice",
            Password = System.Text.Encoding.UTF8.GetBytes(password),
            Origin = new ConnectionOrigin { Listener = TestBroker.OpenListener, RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1000) },
        };
        return (await guard.AuthenticateAsync(request, CancellationToken.None)).Reason;
    }

    private sealed class KnownUser : IAuthenticator
    {
        public int Asked { get; private set; }

        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
        {
            Asked++;
            var isRight = request.Password!.Value.Span.SequenceEqual("secret"u8);
            return ValueTask.FromResult(isRight ? AuthenticationResult.Accept : AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword));
        }
    }
}
