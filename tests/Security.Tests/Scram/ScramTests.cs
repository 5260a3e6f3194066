using System.Net;
using System.Security.Cryptography;
using System.Text;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.Security.Login;
using Avocet.Security.Scram;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Avocet.Security.Tests.Scram;

public sealed class ScramTests
{
    private static readonly AuthenticationRequest Request = new()
    {
        ClientId = "c",
        Origin = new ConnectionOrigin { Listener = TestBroker.OpenListener, RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1) },
    };

    private static LoginGuard Guard => new(new LoginOptions { DelayMilliseconds = 0 }, [], TimeProvider.System, NullLogger.Instance);

    /// <summary>The example of RFC 7677.</summary>
    [Fact]
    public async Task Example_of_the_standard_succeeds()
    {
        var verifier = ScramVerifier.Create(ScramVerifier.Sha256, "pencil"u8, 4096, Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="));
        var file = ScramFile.Parse("f", $"user:{verifier.ToText()}\n");
        var exchange = new ScramExchange(ScramVerifier.Sha256, file, Guard, Request, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");

        var first = await exchange.NextAsync("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8.ToArray(), CancellationToken.None);
        Assert.Equal(ReasonCode.ContinueAuthentication, first.Reason);
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Encoding.UTF8.GetString(first.Data.Span));
        var last = await exchange.NextAsync(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8.ToArray(), CancellationToken.None);

        Assert.Equal((ReasonCode.Success, "user"), (last.Reason, last.UserName));
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Encoding.UTF8.GetString(last.Data.Span));
    }

    [Theory]
    [InlineData(ScramVerifier.Sha256, "alice", "secret", true)]
    [InlineData(ScramVerifier.Sha512, "alice", "secret", true)]
    [InlineData(ScramVerifier.Sha256, "alice", "Secret", false)]
    [InlineData(ScramVerifier.Sha512, "nobody", "secret", false)]
    public async Task Client_with_the_password_is_let_in_over_auth_packets(string method, string user, string password, bool isRight)
    {
        using var folder = new TemporaryFolder();
        using var security = new BrokerSecurity(
            new SecurityOptions { ScramFile = folder.Write("scram", ScramFile.LineOf("alice", "secret") + "\n"), Login = new LoginOptions { DelayMilliseconds = 0 } }, new BrokerServices());
        await using var broker = new TestBroker(services: security.AddTo(new BrokerServices()));
        var client = await broker.OpenAsync(
            Given.Client("c").Authentication(method, $"n,,n={user},r=0123456789"), new ListenerPolicy { Name = "closed" });

        var auth = await client.ReadPacketAsync(PacketType.Auth);
        var first = Encoding.UTF8.GetString(Convert.FromHexString(auth.Text(PropertyId.AuthenticationData)!));
        await client.SendAsync(Given.Auth(ReasonCode.ContinueAuthentication, method, Prove(method, $"n={user},r=0123456789", first, password)));

        if (!isRight)
        {
            await client.ExpectRefusalAsync(ReasonCode.NotAuthorized);
            return;
        }

        var connack = await client.ReadPacketAsync(PacketType.Connack);
        Assert.Equal(ReasonCode.Success, connack.Reason);
        Assert.StartsWith("v=", Encoding.UTF8.GetString(Convert.FromHexString(connack.Text(PropertyId.AuthenticationData)!)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p=tls-unique,,n=user,r=0123456789")]
    [InlineData("n,a=other,n=user,r=0123456789")]
    [InlineData("n,,m=x,n=user,r=0123456789")]
    [InlineData("n,,n=,r=0123456789")]
    [InlineData("n,,n=user,r=short")]
    [InlineData("")]
    public async Task Message_of_another_form_is_refused(string message)
    {
        var exchange = new ScramExchange(ScramVerifier.Sha256, ScramFile.Parse("f", ""), Guard, Request);

        Assert.Equal(ReasonCode.NotAuthorized, (await exchange.NextAsync(Encoding.UTF8.GetBytes(message), CancellationToken.None)).Reason);
    }

    [Fact]
    public void Unknown_user_has_the_same_salt_each_time()
    {
        var file = ScramFile.Parse("f", "");

        Assert.Equal(file.Find("nobody", ScramVerifier.Sha256, out _).Salt, file.Find("nobody", ScramVerifier.Sha256, out var isKnown).Salt);
        Assert.False(isKnown);
    }

    [Theory]
    [InlineData("alice:secret")]
    [InlineData("alice:SCRAM-SHA-256$1:c2FsdHNhbHQ=$AAAA:AAAA")]
    [InlineData(":SCRAM-SHA-256$4096:c2FsdHNhbHQ=$AAAA:AAAA")]
    public void Line_that_is_wrong_is_named(string line) =>
        Assert.StartsWith("f:2: a line is user:SCRAM-SHA-256$", Assert.Throws<SecurityFileException>(() => ScramFile.Parse("f", $"\n{line}\n")).Message, StringComparison.Ordinal);

    private static string Prove(string method, string clientFirst, string serverFirst, string password)
    {
        var parts = serverFirst.Split(',');
        var hash = ScramVerifier.HashOf(method);
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(parts[1][2..]), int.Parse(parts[2][2..], System.Globalization.CultureInfo.InvariantCulture), hash, method == ScramVerifier.Sha512 ? 64 : 32);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        var withoutProof = $"c=biws,{parts[0]}";
        var signature = CryptographicOperations.HmacData(hash, CryptographicOperations.HashData(hash, clientKey), Encoding.UTF8.GetBytes($"{clientFirst},{serverFirst},{withoutProof}"));
        for (var i = 0; i < clientKey.Length; i++) clientKey[i] ^= signature[i];

        return $"{withoutProof},p={Convert.ToBase64String(clientKey)}";
    }
}
