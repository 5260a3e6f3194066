using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Avocet.Broker;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Security;
using Avocet.Security.Login;
using Avocet.Security.Scram;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests;

/// <summary>Who the client is, and with whom it talks.</summary>
public sealed class SecureConnectionTests
{
    [Fact]
    public async Task Client_certificate_lets_in_where_one_is_required()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var authority = folder.Write("ca.pem", certificates.AuthorityPem);
        var mine = certificates.WriteClientPem(folder, "device1");
        await using var server = await TestServer.StartAsync(new ListenerOptions
        {
            Name = "tls",
            Transport = ListenerTransport.Tls,
            Port = ListenPort.Auto,
            Certificates = [certificates.WritePem(folder, "server", "localhost")],
            ClientCertificate = Server.ClientCertificateMode.Required,
            ClientCaFile = authority,
            CertificateUser = CertificateName.Cn,
        });
        var uri = $"mqtts://localhost:{server.PortOf("tls")}";

        await TransportTests.TalkAsync(uri, o => o.Tls.TrustFile(authority).PresentFile(mine.File, mine.KeyFile));
        await Assert.ThrowsAsync<MqttConnectException>(() => MqttClient.ConnectAsync(uri, o => o.Tls.TrustFile(authority)).WaitAsync(Wait.Deadline));
    }

    [Fact]
    public async Task Tls_offers_the_application_protocol_and_the_name_of_the_server()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var files = certificates.WritePem(folder, "server", "iot.example");
        using var pem = X509Certificate2.CreateFromPemFile(files.File, files.KeyFile);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AcceptAsync(listener, pem);

        // This server hangs up before CONNACK.
        var connecting = MqttClient.ConnectAsync($"mqtts://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", o =>
        {
            o.FallsBackTo311 = false;
            o.Tls.TrustFile(folder.Write("ca.pem", certificates.AuthorityPem));
            o.Tls.ServerName = "iot.example";
            o.Tls.ApplicationProtocols.Add("x-amzn-mqtt-ca");
        });
        var (protocol, name) = await serving.WaitAsync(Wait.Deadline);
        await Assert.ThrowsAsync<MqttConnectException>(() => connecting.WaitAsync(Wait.Deadline));

        Assert.Equal("x-amzn-mqtt-ca", protocol);
        Assert.Equal("iot.example", name);
    }

    [Theory]
    [InlineData("secret", true)]
    [InlineData("Secret", false)]
    [Spec("MQTT-4.12.0-2", "MQTT-4.12.0-3", "MQTT-4.12.0-5")]
    public async Task Scram_lets_in_with_the_password_only(string password, bool isRight)
    {
        using var folder = new TemporaryFolder();
        using var security = new BrokerSecurity(
            new SecurityOptions { ScramFile = folder.Write("scram", ScramFile.LineOf("alice", "secret") + "\n"), Login = new LoginOptions { DelayMilliseconds = 0 } }, new BrokerServices());
        await using var broker = new BrokerHost(services: security.AddTo(new BrokerServices())) { Listener = new ListenerPolicy { Name = "closed" } };
        await using var client = broker.Create("client", o => o.Authentication = new ScramSha256Authentication("alice", password));
        if (!isRight)
        {
            var error = await Assert.ThrowsAsync<MqttConnectException>(() => client.ConnectAsync().WaitAsync(Wait.Deadline));
            Assert.Equal(ReasonCode.NotAuthorized, error.Reason);
            return;
        }

        await client.ConnectAsync().WaitAsync(Wait.Deadline);
        await client.PublishAsync("a", "x", Qos.AtLeastOnce);
        await client.ReauthenticateAsync().WaitAsync(Wait.Deadline);

        Assert.Equal(ConnectionState.Connected, client.State);
    }

    private static async Task<(string Protocol, string? ServerName)> AcceptAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var socket = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(socket.GetStream());
        string? serverName = null;
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ApplicationProtocols = [new SslApplicationProtocol("mqtt"), new SslApplicationProtocol("x-amzn-mqtt-ca")],
            ServerCertificateSelectionCallback = (_, name) =>
            {
                serverName = name;
                return certificate;
            },
        });
        return (tls.NegotiatedApplicationProtocol.ToString(), serverName);
    }
}
