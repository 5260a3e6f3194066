using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class TlsTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Client_talks_mqtt_over_either_version(SslProtocols version)
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener(certificates.WritePem(folder, "server", "localhost")));
        await using var tls = await AuthenticateAsync(await server.OpenAsync("tls"), certificates, "localhost", version);
        Assert.Equal(version, tls.SslProtocol);

        var peer = await StreamPeer.ConnectAsync(tls, Given.Client("c").Subscribed("a"));
        await peer.SendAsync(Given.Subscribe(1).Filter("a", Protocol.Qos.ExactlyOnce));
        await peer.ExpectAsync(Given.Suback(1, Protocol.ReasonCode.GrantedQos2));
        // Larger than a TLS record and than Kestrel's blocks.
        var payload = new string('x', 100_000);
        await peer.SendAsync(Given.Publish("a").Payload(payload));
        await peer.ExpectAsync(Given.Publish("a").Payload(payload));
    }

    [Fact]
    public async Task Pfx_with_a_password_works()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener(certificates.WritePfx(folder, "server", "s3cret", "localhost")));
        await using var tls = await AuthenticateAsync(await server.OpenAsync("tls"), certificates, "localhost");

        await StreamPeer.ConnectAsync(tls, Given.Client("c"));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Message.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Host_name_of_the_client_chooses_the_certificate()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener(
            certificates.WritePem(folder, "first", "first.example"), certificates.WritePem(folder, "second", "second.example", "*.plant.example")));

        Assert.Equal("CN=first.example", await SubjectAsync(server, certificates, "first.example"));
        Assert.Equal("CN=second.example", await SubjectAsync(server, certificates, "second.example"));
        Assert.Equal("CN=second.example", await SubjectAsync(server, certificates, "line7.plant.example"));
        Assert.Equal("CN=first.example", await SubjectAsync(server, certificates, "unknown.example"));
        // An address is no host name, so the client names none.
        Assert.Equal("CN=first.example", await SubjectAsync(server, certificates, "127.0.0.1"));
    }

    [Fact]
    public async Task Old_version_is_refused_where_1_3_is_the_least_and_the_reason_logged()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(
            Listener(certificates.WritePem(folder, "server", "localhost")) with { TlsVersionMin = SslProtocols.Tls13 });

        await Assert.ThrowsAnyAsync<Exception>(async () => await AuthenticateAsync(await server.OpenAsync("tls"), certificates, "localhost", SslProtocols.Tls12));

        await server.Log.WaitForAsync(2040);
    }

    [Fact]
    public async Task Plain_mqtt_on_a_tls_listener_is_closed_and_the_reason_logged()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener(certificates.WritePem(folder, "server", "localhost")));
        await using var stream = await server.OpenAsync("tls");

        await stream.WriteAsync(Given.Client("c").Encode());

        await StreamPeer.Over(stream).ReadToEndAsync();
        await server.Log.WaitForAsync(2040);
    }

    [Fact]
    public async Task Changed_certificate_is_used_for_new_connections_while_old_ones_live_on()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener(certificates.WritePem(folder, "server", "old.example")));
        await using var old = await AuthenticateAsync(await server.OpenAsync("tls"), certificates, "old.example");
        var peer = await StreamPeer.ConnectAsync(old, Given.Client("c"));

        certificates.WritePem(folder, "server", "new.example");
        await server.Log.WaitForAsync(2030, "CN=new.example");

        Assert.Equal("CN=new.example", await SubjectAsync(server, certificates, "new.example"));
        await peer.ExpectNothingAsync();
    }

    [Fact]
    public async Task Bad_new_file_leaves_the_old_certificate_in_use_and_is_logged()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(folder, "server", "old.example");
        await using var server = await TestServer.StartAsync(Listener(certificate));
        server.AllowsErrors = true;

        folder.Write("server.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n");
        await server.Log.WaitForAsync(2031, certificate.File);

        Assert.Equal("CN=old.example", await SubjectAsync(server, certificates, "old.example"));
    }

    internal static async Task<SslStream> AuthenticateAsync(
        Stream stream, TestCertificates certificates, string host, SslProtocols version = SslProtocols.None)
    {
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificates.Signed(certificate),
        };
        await tls.AuthenticateAsClientAsync(options, deadline.Token);
        return tls;
    }

    [Fact]
    public async Task Handshakes_above_the_limit_wait_until_one_ends_and_silent_connections_take_no_place()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var options = new ServerOptions
        {
            DataFolder = "",
            TlsHandshakesMax = 1,
            Listeners = [Listener(certificates.WritePem(folder, "server", "localhost")), new ListenerOptions { Name = "tcp", Port = ListenPort.Auto }],
        };
        await using var server = await TestServer.StartAsync(options);
        await using var silent = await server.OpenAsync("tls");
        await using var stalled = new DeafStream(await server.OpenAsync("tls"));
        var half = new SslStream(stalled).AuthenticateAsClientAsync("localhost");
        // The answer to its hello is there, so that it has the place.
        await stalled.WaitForAnswerAsync();

        var waiting = AuthenticateAsync(await server.OpenAsync("tls"), certificates, "localhost");
        await StreamPeer.ConnectAsync(await server.OpenAsync("tcp"), Given.Client("c"));
        Assert.False(waiting.IsCompleted);

        await stalled.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => half);
        await using var tls = await waiting;
        await StreamPeer.ConnectAsync(tls, Given.Client("late"));
    }

    private static ListenerOptions Listener(params CertificateOptions[] certificates) =>
        new() { Name = "tls", Transport = ListenerTransport.Tls, Port = ListenPort.Auto, Certificates = certificates };

    private static async Task<string> SubjectAsync(TestServer server, TestCertificates certificates, string host)
    {
        await using var tls = await AuthenticateAsync(await server.OpenAsync("tls"), certificates, host);
        return ((X509Certificate2)tls.RemoteCertificate!).Subject;
    }
}
