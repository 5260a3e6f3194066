using System.Net;
using System.Net.Sockets;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests;

/// <summary>Real connections to the real server.</summary>
public sealed class TransportTests
{
    [Fact, Spec("MQTT-4.2.0-1", "3.1.1 MQTT-7.1.2-1")]
    public async Task Client_talks_over_tcp()
    {
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "tcp", Port = ListenPort.Auto });

        await TalkAsync($"mqtt://127.0.0.1:{server.PortOf("tcp")}", _ => { });
    }

    [Fact, Spec("MQTT-6.0.0-1", "MQTT-6.0.0-2", "MQTT-6.0.0-3", "3.1.1 MQTT-6.0.0-1", "3.1.1 MQTT-6.0.0-3")]
    public async Task Client_talks_over_websocket()
    {
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "ws", Transport = ListenerTransport.Ws, Path = "/mqtt", Port = ListenPort.Auto });

        await TalkAsync($"ws://127.0.0.1:{server.PortOf("ws")}/mqtt", _ => { });
    }

    [Fact]
    public async Task Client_talks_over_a_unix_socket()
    {
        using var folder = new TemporaryFolder();
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "unix", Transport = ListenerTransport.Unix, Path = folder.File("s") });

        await TalkAsync($"unix://{folder.File("s")}", _ => { });
    }

    [Fact]
    public async Task Client_talks_over_tls_with_an_authority_of_its_own()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(
            new ListenerOptions { Name = "tls", Transport = ListenerTransport.Tls, Port = ListenPort.Auto, Certificates = [certificates.WritePem(folder, "server", "broker.test")] });
        var uri = $"mqtts://127.0.0.1:{server.PortOf("tls")}";

        await TalkAsync(uri, o =>
        {
            o.Tls.TrustFile(folder.Write("ca.pem", certificates.AuthorityPem));
            o.Tls.ServerName = "broker.test";
        });
        var error = await Assert.ThrowsAsync<MqttConnectException>(() => MqttClient.ConnectAsync(uri));
        Assert.Contains("no TLS", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MqttConnectException>(() => MqttClient.ConnectAsync(uri, o =>
        {
            o.Tls.TrustFile(folder.File("ca.pem"));
            o.Tls.ServerName = "other.test";
        }));
    }

    [Fact]
    public async Task Client_talks_over_secure_websocket()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(
            new ListenerOptions { Name = "wss", Transport = ListenerTransport.Wss, Path = "/mqtt", Port = ListenPort.Auto, Certificates = [certificates.WritePem(folder, "server", "localhost")] });

        await TalkAsync($"wss://localhost:{server.PortOf("wss")}/mqtt", o => o.Tls.TrustFile(folder.Write("ca.pem", certificates.AuthorityPem)));
    }

    [Fact]
    public async Task Address_where_nobody_listens_is_told_in_one_line()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var error = await Assert.ThrowsAsync<MqttConnectException>(() => MqttClient.ConnectAsync($"mqtt://user:secret@127.0.0.1:{port}"));

        Assert.Equal($"mqtt://127.0.0.1:{port} cannot be reached: Connection refused. Check the address, and whether the broker listens there.", error.Message);
    }

    internal static async Task TalkAsync(string uri, Action<MqttClientOptions> configure)
    {
        await using var client = await MqttClient.ConnectAsync(uri, configure).WaitAsync(Wait.Deadline);
        await using var subscription = await client.OpenSubscriptionAsync("talk/#", new SubscribeOptions { Qos = Qos.ExactlyOnce }).WaitAsync(Wait.Deadline);
        var large = new byte[300_000];
        Random.Shared.NextBytes(large);

        foreach (var qos in (Qos[])[Qos.AtMostOnce, Qos.AtLeastOnce, Qos.ExactlyOnce]) await client.PublishAsync("talk/small", $"{qos}", qos).AsTask().WaitAsync(Wait.Deadline);
        await client.PublishAsync("talk/large", large, Qos.ExactlyOnce).AsTask().WaitAsync(Wait.Deadline);

        var messages = await subscription.ReadAllAsync().TakeAsync(4);
        Assert.Equal(["AtMostOnce", "AtLeastOnce", "ExactlyOnce"], messages.Take(3).Select(message => message.Text));
        Assert.Equal(large, messages[3].Payload.ToArray());
    }
}
