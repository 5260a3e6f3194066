using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class AuthorizationTests
{
    [Theory, BothVersions]
    [Spec("MQTT-3.1.4-2", "MQTT-3.2.2-7", "3.1.1 MQTT-3.2.2-5")]
    public async Task Connect_that_is_denied_is_refused(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("user", "secret")] });

        var client = await broker.OpenAsync(Given.Client("c").Version(version).UserName("user").Password("wrong"));

        await client.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Theory, BothVersions]
    public async Task Connect_without_authenticator_is_refused_where_anonymous_is_not_allowed(ProtocolVersion version)
    {
        await using var broker = new TestBroker();

        var client = await broker.OpenAsync(Given.Client("c").Version(version), new ListenerPolicy { Name = "closed" });

        await client.ExpectRefusalAsync(ReasonCode.NotAuthorized, ReasonCode.BadUserNameOrPassword);
    }

    [Fact]
    public async Task Authenticators_are_asked_until_one_decides()
    {
        var last = new PasswordAuthenticator("user", "secret");
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new Passing(), last] });
        var closed = new ListenerPolicy { Name = "closed" };

        await broker.ConnectAsync(Given.Client("one").UserName("user").Password("secret"), closed);
        var refused = await broker.OpenAsync(Given.Client("two").UserName("user").Password("wrong"), closed);

        await refused.ExpectRefusalAsync(ReasonCode.NotAuthorized);
        Assert.Equal("two", last.Last?.ClientId);
    }

    [Fact]
    public async Task Client_that_no_authenticator_knows_is_anonymous()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new Passing()] });

        await broker.ConnectAsync(Given.Client("c"));
        var refused = await broker.OpenAsync(Given.Client("d"), new ListenerPolicy { Name = "closed" });

        await refused.ExpectRefusalAsync(ReasonCode.NotAuthorized, ReasonCode.BadUserNameOrPassword);
    }

    [Theory, BothVersions]
    [Spec("3.1.1 MQTT-3.3.5-2", "MQTT-3.4.2-1", "MQTT-3.5.2-1")]
    public async Task Publish_that_is_denied_is_not_routed(ProtocolVersion version)
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [new TopicAuthorizer()] });
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c").Version(version));

        await client.SendAsync(Given.Publish("denied/a").Payload("x").Qos1(1).Retain());
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("denied/a").Payload("x").Qos2(2));
        await client.ExpectAsync(Given.Pubrec(2, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("denied/a").Payload("x"));

        await client.ExpectNothingAsync();
        await watcher.ExpectNothingAsync();
        var late = await broker.ConnectAsync(Given.Client("late").Subscribed("#"));
        await late.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.3.3-9")]
    public async Task Message_qos2_sent_again_and_denied_by_now_frees_its_identifier()
    {
        var authorizer = new TopicAuthorizer();
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [authorizer] });
        var reader = await broker.ConnectAsync(Given.Client("reader").Subscribed("#"));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1));
        await writer.ExpectAsync(Given.Pubrec(1));
        await reader.ExpectAsync(Given.Publish("a").Payload("1"));

        await writer.SendAsync(Given.Publish("denied").Payload("1").Qos2(1).AsDuplicate());
        await writer.ExpectAsync(Given.Pubrec(1, ReasonCode.NotAuthorized));
        await writer.SendAsync(Given.Publish("b").Payload("2").Qos2(1));

        await writer.ExpectAsync(Given.Pubrec(1));
        await reader.ExpectAsync(Given.Publish("b").Payload("2"));
    }

    [Fact]
    public async Task Shared_filter_is_authorized_without_its_prefix()
    {
        var authorizer = new TopicAuthorizer();
        await using var broker = new TestBroker(services: new BrokerServices { Authorizers = [authorizer] });
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Subscribe(1).Filter("$share/g/denied/a").Filter("$share/g/a"));

        await client.ExpectAsync(Given.Suback(1, ReasonCode.NotAuthorized, ReasonCode.Success));
        // Who explains a refusal asks once more.
        Assert.Equal(["denied/a", "a"], authorizer.Asked.Distinct());
    }

    [Fact]
    public async Task Clients_of_the_program_itself_are_not_asked_who_they_are_and_have_rules_of_their_own_only()
    {
        var own = new ListenerPolicy { Name = "own", OwnRules = new TopicAuthorizer() };
        var services = new BrokerServices { Authenticators = [new PasswordAuthenticator("user", "secret")], Authorizers = [new SecondAuthorizer()], RemoteAuthorizer = new Unreachable() };
        await using var broker = new TestBroker(services: services);

        var client = await broker.ConnectAsync(Given.Client("c"), own);
        await client.SendAsync(Given.Publish("a").Payload("1").Qos1(1).Retain());
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Publish("denied").Payload("1").Qos1(2).Retain());
        await client.ExpectAsync(Given.Puback(2, ReasonCode.NotAuthorized));

        var stranger = await broker.OpenAsync(Given.Client("d"), new ListenerPolicy { Name = "open" });
        await stranger.ExpectRefusalAsync(ReasonCode.NotAuthorized, ReasonCode.BadUserNameOrPassword);
        Assert.Equal(["a"], broker.Broker.Inspector.FindRetained("#", 10, 0).Select(message => message.TopicName));
    }

    private sealed class SecondAuthorizer : IAuthorizer
    {
        public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => false;

        public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => false;
    }

    private sealed class Unreachable : IRemoteAuthorizer
    {
        public TimeSpan AnswerTime => TimeSpan.Zero;

        public ValueTask<RemoteAnswer> AskAsync(RemoteQuestion question, CancellationToken cancellationToken) => ValueTask.FromResult(RemoteAnswer.Unavailable);
    }

    private sealed class Passing : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
        {
            return ValueTask.FromResult(AuthenticationResult.Next);
        }
    }
}
