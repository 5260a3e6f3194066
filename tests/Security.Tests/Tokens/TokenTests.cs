using System.Net;
using System.Security.Cryptography;
using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Security.Tokens;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Avocet.Security.Tests.Tokens;

public sealed class TokenTests : IDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ListenerPolicy Closed = new() { Name = "closed" };

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SymmetricSecurityKey _secret = new(System.Text.Encoding.UTF8.GetBytes(Secret));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SecurityAlgorithms.HmacSha256)]
    [InlineData(SecurityAlgorithms.HmacSha384)]
    public async Task Token_of_the_secret_lets_its_user_in(string algorithm)
    {
        await using var broker = BrokerWith(new TokenOptions { SecretFile = _folder.Write("secret", Secret + "\n") });

        await broker.ConnectAsync(Given.Client("c").UserName("whoever").Password(Token(new(_secret, algorithm))), Closed);
        var unsigned = await broker.OpenAsync(Given.Client("d").UserName("u").Password(Token(null)), Closed);
        await unsigned.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        var other = new SymmetricSecurityKey(new byte[48]);
        var strange = await broker.OpenAsync(Given.Client("e").UserName("u").Password(Token(new(other, algorithm))), Closed);
        await strange.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        var word = await broker.OpenAsync(Given.Client("f").UserName("u").Password("no.token.this"), Closed);
        await word.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
    }

    [Fact]
    public async Task Public_keys_of_both_kinds_verify_and_do_not_serve_as_secrets()
    {
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = rsa.ExportSubjectPublicKeyInfoPem();
        await using var broker = BrokerWith(new TokenOptions { KeyFile = _folder.Write("keys.pem", $"{pem}\n{curve.ExportSubjectPublicKeyInfoPem()}\n") });

        await broker.ConnectAsync(Given.Client("a").UserName("u").Password(Token(new(new RsaSecurityKey(rsa), SecurityAlgorithms.RsaSha256))), Closed);
        await broker.ConnectAsync(Given.Client("b").UserName("u").Password(Token(new(new ECDsaSecurityKey(curve), SecurityAlgorithms.EcdsaSha256))), Closed);
        // The old trick: the public key, which everyone has, as the secret of HMAC.
        var forged = new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(pem));
        var refused = await broker.OpenAsync(Given.Client("c").UserName("u").Password(Token(new(forged, SecurityAlgorithms.HmacSha256))), Closed);
        await refused.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
    }

    [Fact]
    public async Task Connection_ends_with_its_token()
    {
        await using var broker = BrokerWith(new TokenOptions { SecretFile = _folder.Write("secret", Secret) });
        var client = await broker.ConnectAsync(Given.Client("c").UserName("u").Password(Token(Signing, seconds: 60)), Closed);

        await broker.AdvanceAsync(59);
        await client.ExpectNothingAsync();
        await broker.AdvanceAsync(2);

        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        var late = await broker.OpenAsync(Given.Client("c").UserName("u").Password(Token(Signing, seconds: -1)), Closed);
        await late.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
    }

    [Theory]
    [InlineData("iss=other", false)]
    [InlineData("aud=other", false)]
    [InlineData("device=d", false)]
    [InlineData("device=", false)]
    [InlineData("device=c", true)]
    public async Task Claims_have_to_fit(string claim, bool isAllowed)
    {
        var options = new TokenOptions { SecretFile = _folder.Write("secret", Secret), Issuer = "me", Audience = "mqtt", Claims = "device=${clientid}" };
        await using var broker = BrokerWith(options);
        var claims = new Dictionary<string, object> { ["iss"] = "me", ["aud"] = "mqtt", ["device"] = "c" };
        var parts = claim.Split('=');
        if (parts[1].Length == 0) claims.Remove(parts[0]);
        else claims[parts[0]] = parts[1];

        var client = await broker.OpenAsync(Given.Client("c").UserName("u").Password(Token(Signing, claims: claims)), Closed);

        if (isAllowed) Assert.Equal(ReasonCode.Success, (await client.ReadPacketAsync(PacketType.Connack)).Reason);
        else await client.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Rules_of_the_token_count()
    {
        await using var broker = BrokerWith(new TokenOptions { SecretFile = _folder.Write("secret", Secret), Place = TokenPlace.UserName });
        var acl = new Dictionary<string, object> { ["acl"] = new Dictionary<string, object> { ["pub"] = new[] { "up/${username}/#" }, ["sub"] = new[] { "down/${clientid}/+" }, ["all"] = new[] { "chat" } } };
        var client = await broker.ConnectAsync(Given.Client("c").UserName(Token(Signing, claims: acl)), Closed);

        await client.SendAsync(Given.Subscribe(1).Filter("down/c/x").Filter("down/d/x").Filter("chat").Filter("up/alice/x"));
        await client.ExpectAsync(Given.Suback(1, ReasonCode.Success, ReasonCode.NotAuthorized, ReasonCode.Success, ReasonCode.NotAuthorized));
        foreach (var (topic, reason) in new[] { ("up/alice/x", ReasonCode.NoMatchingSubscribers), ("up/bob/x", ReasonCode.NotAuthorized), ("down/c/x", ReasonCode.NotAuthorized) })
        {
            await client.SendAsync(Given.Publish(topic).Payload("x").Qos1(1));
            await client.ExpectAsync(Given.Puback(1, reason));
        }
    }

    [Fact]
    public async Task Rules_that_are_not_understood_let_nobody_in()
    {
        await using var broker = BrokerWith(new TokenOptions { SecretFile = _folder.Write("secret", Secret) });
        var acl = new Dictionary<string, object> { ["acl"] = new Dictionary<string, object> { ["publish"] = new[] { "a" } } };

        var client = await broker.OpenAsync(Given.Client("c").UserName("u").Password(Token(Signing, claims: acl)), Closed);

        await client.ExpectRefusalAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Key_set_is_asked_for_again_when_a_key_is_not_known_but_not_without_end()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa) { KeyId = "one" };
        var server = new KeySetServer();
        using var keys = new TokenKeys(new TokenOptions { KeySetUrl = "https://keys.example/set" }, _clock, NullLogger.Instance, server);
        var authenticator = new TokenAuthenticator(new TokenOptions { KeySetUrl = "x" }, keys, _clock);
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [authenticator] }, clock: _clock);
        var token = Token(new(key, SecurityAlgorithms.RsaSha256), seconds: 3600);

        var early = await broker.OpenAsync(Given.Client("a").UserName("u").Password(token), Closed);
        await early.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        server.Answer = $$"""{"keys":[{{System.Text.Json.JsonSerializer.Serialize(Public(rsa))}}]}""";
        var soon = await broker.OpenAsync(Given.Client("a").UserName("u").Password(token), Closed);
        await soon.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        Assert.Equal(1, server.Asked);
        _clock.Advance(TimeSpan.FromSeconds(11));
        await broker.ConnectAsync(Given.Client("a").UserName("u").Password(token), Closed);
        await broker.ConnectAsync(Given.Client("b").UserName("u").Password(token), Closed);
        Assert.Equal(2, server.Asked);
        // What was known counts on when the server does not answer.
        server.Answer = null;
        _clock.Advance(TimeSpan.FromSeconds(400));
        await broker.ConnectAsync(Given.Client("c").UserName("u").Password(token), Closed);
        Assert.Equal(3, server.Asked);
    }

    [Fact]
    public void Secret_that_is_too_short_is_refused() =>
        Assert.Throws<SecurityFileException>(() => new TokenKeys(new TokenOptions { SecretFile = _folder.Write("secret", "short") }, _clock, NullLogger.Instance));

    private SigningCredentials Signing => new(_secret, SecurityAlgorithms.HmacSha256);

    private static Dictionary<string, string> Public(RSA rsa)
    {
        var parameters = rsa.ExportParameters(false);
        return new Dictionary<string, string>
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = "one",
            ["n"] = Base64UrlEncoder.Encode(parameters.Modulus),
            ["e"] = Base64UrlEncoder.Encode(parameters.Exponent),
        };
    }

    private string Token(SigningCredentials? signing, int seconds = 60, Dictionary<string, object>? claims = null)
    {
        var now = _clock.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object>(claims ?? []) { ["sub"] = "alice" },
            Expires = now.AddSeconds(seconds),
            SigningCredentials = signing,
        });
    }

    private TestBroker BrokerWith(TokenOptions options)
    {
        var authenticator = new TokenAuthenticator(options, new TokenKeys(options, _clock, NullLogger.Instance), _clock);
        return new TestBroker(services: new BrokerServices { Authenticators = [authenticator] }, clock: _clock);
    }

    private sealed class KeySetServer : HttpMessageHandler
    {
        public string? Answer { get; set; } = """{"keys":[]}""";

        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(Answer is null ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer) });
        }
    }
}
