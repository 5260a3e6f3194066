using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class EnhancedAuthenticationTests
{
    private const string Method = "CHALLENGE";

    [Fact]
    [Spec("MQTT-4.12.0-2", "MQTT-4.12.0-3", "MQTT-4.12.0-5", "MQTT-3.2.0-2")]
    public async Task Connect_with_a_known_method_is_accepted_after_the_exchange()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));

        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));
        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "right"));

        await client.ExpectAsync(Given.Connack().Property(PropertyId.AuthenticationMethod, Method).Property(PropertyId.AuthenticationData, Encoding.UTF8.GetBytes("welcome")));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.12.0-4", "MQTT-3.14.0-1")]
    public async Task Connect_with_a_wrong_answer_is_refused()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "wrong"));

        await client.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Fact, Spec("MQTT-4.12.0-1")]
    public async Task Connect_with_an_unknown_method_is_refused()
    {
        await using var broker = Broker();

        var client = await broker.OpenAsync(Given.Client("c").Authentication("nope"));

        await client.ExpectRefusalAsync(ReasonCode.BadAuthenticationMethod);
    }

    [Fact, Spec("MQTT-4.12.0-6")]
    public async Task Connect_without_a_method_gets_neither_auth_nor_method()
    {
        await using var broker = Broker();

        var client = await broker.ConnectAsync(Given.Client("c"));

        Assert.False(client.Connack.Has(PropertyId.AuthenticationMethod));
        Assert.False(client.Connack.Has(PropertyId.AuthenticationData));
    }

    [Fact, Spec("MQTT-3.1.2-30", "MQTT-3.14.0-1")]
    public async Task Publish_during_the_exchange_is_refused()
    {
        await using var broker = Broker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Publish("a").Payload("x"));

        await client.ExpectRefusalAsync(ReasonCode.ProtocolError);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-30")]
    public async Task Disconnect_during_the_exchange_ends_it()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Disconnect());

        await client.ExpectCloseAsync();
    }

    [Theory]
    [InlineData(ReasonCode.Success)]
    [InlineData(ReasonCode.Reauthenticate)]
    [Spec("MQTT-4.12.0-3", "MQTT-4.13.1-1")]
    public async Task Auth_with_another_reason_during_the_exchange_is_refused(ReasonCode reason)
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Auth(reason, Method, "right"));

        await client.ExpectRefusalAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-4.12.0-5")]
    public async Task Auth_with_another_method_during_the_exchange_is_refused()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, "OTHER", "right"));

        await client.ExpectRefusalAsync(ReasonCode.ProtocolError, ReasonCode.BadAuthenticationMethod);
    }

    [Fact]
    public async Task Exchange_that_takes_too_long_is_closed()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await broker.AdvanceAsync(12);

        await client.ReadToEndAsync();
    }

    [Fact, Spec("MQTT-4.12.0-7")]
    public async Task Auth_from_a_client_without_a_method_is_a_protocol_error()
    {
        await using var broker = Broker();
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Auth(ReasonCode.Reauthenticate, Method, "hello"));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-4.12.1-1", "MQTT-3.2.0-2", "MQTT-4.12.0-5")]
    public async Task Reauthentication_goes_on_beside_the_traffic()
    {
        await using var broker = Broker();
        var client = await ConnectAsync(broker);

        await client.SendAsync(Given.Auth(ReasonCode.Reauthenticate, Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));
        await client.SendAsync(Given.Publish("a").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "right"));

        await client.ExpectAsync(Given.Auth(ReasonCode.Success, Method, "welcome"));
        await client.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.12.1-1", "MQTT-4.12.1-2")]
    public async Task Reauthentication_with_another_method_is_disconnected()
    {
        await using var broker = Broker();
        var client = await ConnectAsync(broker);

        await client.SendAsync(Given.Auth(ReasonCode.Reauthenticate, "OTHER", "hello"));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError, ReasonCode.BadAuthenticationMethod, ReasonCode.NotAuthorized);
    }

    [Fact, Spec("MQTT-4.12.1-2")]
    public async Task Reauthentication_with_a_wrong_answer_is_disconnected()
    {
        await using var broker = Broker();
        var client = await ConnectAsync(broker);
        await client.SendAsync(Given.Auth(ReasonCode.Reauthenticate, Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));

        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "wrong"));

        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Auth_to_continue_without_a_reauthentication_is_a_protocol_error()
    {
        await using var broker = Broker();
        var client = await ConnectAsync(broker);

        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "right"));

        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
    }

    [Fact, Spec("MQTT-3.15.2-1", "MQTT-3.15.1-1")]
    public async Task Auth_before_connect_is_closed()
    {
        await using var broker = Broker();
        var client = await broker.OpenAsync();

        await client.SendAsync(Given.Auth(ReasonCode.Reauthenticate, Method, "hello"));

        await client.ExpectCloseAsync();
    }

    [Theory]
    [InlineData("F1 00")]
    [InlineData("F0 02 05 00")]
    [Spec("MQTT-3.15.1-1", "MQTT-3.15.2-1")]
    public async Task Auth_with_wrong_flags_or_reason_is_disconnected(string hex)
    {
        await using var broker = Broker();
        var client = await ConnectAsync(broker);

        await client.SendAsync(hex);

        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket, ReasonCode.ProtocolError);
    }

    private static TestBroker Broker() => new(services: new BrokerServices { EnhancedAuthenticators = [new Challenge()] });

    private static async Task<TestPeer> ConnectAsync(TestBroker broker)
    {
        var client = await broker.OpenAsync(Given.Client("c").Authentication(Method, "hello"));
        await client.ExpectAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "challenge"));
        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, Method, "right"));
        await client.ExpectAsync(Given.Connack());
        return client;
    }

    /// <summary>Asks once and takes one answer.</summary>
    private sealed class Challenge : IEnhancedAuthenticator
    {
        public string Method => EnhancedAuthenticationTests.Method;

        public IAuthenticationExchange Begin(AuthenticationRequest request) => new Exchange();

        private sealed class Exchange : IAuthenticationExchange
        {
            public ValueTask<AuthenticationStep> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
            {
                var step = Encoding.UTF8.GetString(data.Span) switch
                {
                    "hello" => new AuthenticationStep(ReasonCode.ContinueAuthentication, Encoding.UTF8.GetBytes("challenge")),
                    "right" => new AuthenticationStep(ReasonCode.Success, Encoding.UTF8.GetBytes("welcome")),
                    _ => new AuthenticationStep(ReasonCode.NotAuthorized),
                };
                return ValueTask.FromResult(step);
            }
        }
    }
}
