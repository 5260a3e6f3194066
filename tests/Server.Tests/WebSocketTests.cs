using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class WebSocketTests
{
    private static readonly ListenerOptions Listener = new() { Name = "ws", Transport = ListenerTransport.Ws, Port = ListenPort.Auto };

    private static readonly CancellationToken NoToken = CancellationToken.None;

    [Theory, BothVersions]
    [Spec("MQTT-6.0.0-2", "3.1.1 MQTT-6.0.0-2")]
    public async Task Packets_may_be_split_and_joined_over_frames_in_any_way(ProtocolVersion version)
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, "mqtt");

        // CONNECT a byte a frame, each frame a message of its own.
        foreach (var b in Given.Client("c").Version(version).Encode()) await SendAsync(client, [b]);
        var peer = new WebSocketReader(client, version);
        Assert.Equal(PacketType.Connack, (await peer.ReadPacketAsync()).Type);

        // Two packets in one frame, and a third begun.
        byte[] rest = Given.Publish("a").Payload("hello").Encode(version);
        await SendAsync(client, [.. Given.Subscribe(1).Filter("a", Qos.AtMostOnce).Encode(version), .. Given.Pingreq().Encode(version), .. rest[..3]]);
        Assert.Equal(PacketType.Suback, (await peer.ReadPacketAsync()).Type);
        Assert.Equal(PacketType.Pingresp, (await peer.ReadPacketAsync()).Type);

        // The third goes on in the fragments of one message, with an empty one between.
        await client.SendAsync(rest.AsMemory(3, 2), WebSocketMessageType.Binary, endOfMessage: false, NoToken);
        await client.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Binary, endOfMessage: false, NoToken);
        await client.SendAsync(rest.AsMemory(5), WebSocketMessageType.Binary, endOfMessage: true, NoToken);
        Assert.Equal(PacketType.Publish, (await peer.ReadPacketAsync()).Type);
        Assert.True(peer.SawOnlyBinary);
    }

    [Fact]
    [Spec("MQTT-6.0.0-1", "3.1.1 MQTT-6.0.0-1")]
    public async Task Text_frame_closes_the_connection()
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, "mqtt");
        await SendAsync(client, Given.Client("c").Encode());
        var reader = new WebSocketReader(client, ProtocolVersion.V50);
        await reader.ReadPacketAsync();

        await client.SendAsync(Given.Pingreq().Encode(ProtocolVersion.V50), WebSocketMessageType.Text, true, NoToken);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await reader.ReadCloseAsync());
        Assert.True(reader.SawOnlyBinary);
        Assert.Single(server.Log.Entries, entry => entry.Event.Id == 2043);
    }

    [Fact]
    [Spec("MQTT-6.0.0-1", "3.1.1 MQTT-6.0.0-1")]
    public async Task Text_frame_as_the_first_closes_the_connection()
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, "mqtt");

        await client.SendAsync(Given.Client("c").Encode(), WebSocketMessageType.Text, true, NoToken);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await new WebSocketReader(client, ProtocolVersion.V50).ReadCloseAsync());
    }

    [Theory]
    [InlineData("mqtt", "mqtt")]
    [InlineData("mqttv3.1", "mqttv3.1")]
    [InlineData("mqttv3.1 mqtt", "mqtt")]
    [InlineData("amqp mqtt", "mqtt")]
    [Spec("MQTT-6.0.0-4", "3.1.1 MQTT-6.0.0-4")]
    public async Task Subprotocol_is_chosen_and_returned(string offered, string chosen)
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, offered.Split(' '));

        Assert.Equal(chosen, client.SubProtocol);
    }

    [Theory]
    [InlineData]
    [InlineData("amqp")]
    public async Task Client_that_does_not_offer_mqtt_is_refused_or_let_in_as_configured(params string[] offered)
    {
        await using var server = await TestServer.StartAsync(Listener, Listener with { Name = "lax", SubprotocolRequired = false });

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, offered));
        Assert.Contains(server.Log.Entries, entry => entry.Event.Id == 2042 && entry.Message.Contains("400", StringComparison.Ordinal));
        using var client = new ClientWebSocket();
        foreach (var one in offered) client.Options.AddSubProtocol(one);
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.PortOf("lax")}/mqtt"), NoToken);
        await SendAsync(client, Given.Client("c").Encode());
        Assert.Equal(PacketType.Connack, (await new WebSocketReader(client, ProtocolVersion.V50).ReadPacketAsync()).Type);
    }

    [Theory]
    [InlineData("/mqtt", HttpStatusCode.UpgradeRequired, "This is an MQTT broker: connect with an MQTT client over WebSocket.\n")]
    [InlineData("/", HttpStatusCode.NotFound, "MQTT over WebSocket is at the path /mqtt here.\n")]
    public async Task Plain_http_gets_a_helpful_answer(string path, HttpStatusCode status, string text)
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var http = new HttpClient();

        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{server.PortOf("ws")}{path}"));

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(text, await response.Content.ReadAsStringAsync());
        if (status == HttpStatusCode.UpgradeRequired) Assert.Equal([new ProductHeaderValue("websocket")], response.Headers.Upgrade);
    }

    [Fact]
    public async Task Large_messages_pass_both_ways()
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, "mqtt");
        var payload = new string('x', 300_000);
        byte[] packets =
        [
            .. Given.Client("c").Encode(), .. Given.Subscribe(1).Filter("a", Qos.AtMostOnce).Encode(ProtocolVersion.V50),
            .. Given.Publish("a").Payload(payload).Encode(ProtocolVersion.V50),
        ];

        await SendAsync(client, packets);

        var reader = new WebSocketReader(client, ProtocolVersion.V50);
        Assert.Equal(PacketType.Connack, (await reader.ReadPacketAsync()).Type);
        Assert.Equal(PacketType.Suback, (await reader.ReadPacketAsync()).Type);
        Assert.Equal(payload.Length, (await reader.ReadPacketAsync()).Payload.Length);
    }

    [Fact]
    public async Task Stopping_server_says_so_before_it_closes()
    {
        await using var server = await TestServer.StartAsync(Listener);
        using var client = await ConnectAsync(server, "mqtt");
        await SendAsync(client, Given.Client("c").Encode());
        var reader = new WebSocketReader(client, ProtocolVersion.V50);
        await reader.ReadPacketAsync();

        var stopping = server.Server.StopAsync(NoToken);

        var disconnect = await reader.ReadPacketAsync();
        Assert.Equal((PacketType.Disconnect, ReasonCode.ServerShuttingDown), (disconnect.Type, disconnect.Reason));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await reader.ReadCloseAsync());
        await stopping;
    }

    [Fact]
    public async Task Encrypted_websocket_carries_mqtt()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var server = await TestServer.StartAsync(Listener with
        {
            Name = "wss",
            Transport = ListenerTransport.Wss,
            Certificates = [certificates.WritePem(folder, "server", "localhost")],
        });
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("mqtt");
        client.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificates.Signed(certificate);

        await client.ConnectAsync(new Uri($"wss://127.0.0.1:{server.PortOf("wss")}/mqtt"), NoToken);
        await SendAsync(client, Given.Client("c").Encode());

        Assert.Equal(PacketType.Connack, (await new WebSocketReader(client, ProtocolVersion.V50).ReadPacketAsync()).Type);
    }

    private static async Task<ClientWebSocket> ConnectAsync(TestServer server, params string[] offered)
    {
        var client = new ClientWebSocket();
        foreach (var subprotocol in offered) client.Options.AddSubProtocol(subprotocol);
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.PortOf("ws")}/mqtt"), NoToken);
        return client;
    }

    private static Task SendAsync(ClientWebSocket client, byte[] bytes) => client.SendAsync(bytes, WebSocketMessageType.Binary, true, NoToken);

    /// <summary>Puts packets together again from the frames that come.</summary>
    private sealed class WebSocketReader(ClientWebSocket client, ProtocolVersion version)
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

        private readonly List<byte> _bytes = [];

        public bool SawOnlyBinary { get; private set; } = true;

        public async Task<PacketView> ReadPacketAsync()
        {
            while (true)
            {
                var bytes = _bytes.ToArray();
                if (FixedHeader.TryRead(bytes, out var header) == DecodeStatus.Done && bytes.Length >= header.PacketSize)
                {
                    _bytes.RemoveRange(0, header.PacketSize);
                    return PacketView.Of(bytes[..header.PacketSize], version);
                }

                Assert.Null(await ReceiveAsync());
            }
        }

        public async Task<WebSocketCloseStatus?> ReadCloseAsync()
        {
            while (true)
            {
                if (await ReceiveAsync() is { } status) return status;
            }
        }

        private async Task<WebSocketCloseStatus?> ReceiveAsync()
        {
            using var deadline = new CancellationTokenSource(Deadline);
            var buffer = new byte[4096];
            var received = await client.ReceiveAsync(buffer.AsMemory(), deadline.Token);
            if (received.MessageType == WebSocketMessageType.Close) return client.CloseStatus;

            SawOnlyBinary &= received.MessageType == WebSocketMessageType.Binary;
            _bytes.AddRange(buffer[..received.Count]);
            return null;
        }
    }
}
