using System.Threading.Channels;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Avocet.Server.Tests.ForeignClients;

/// <summary>MQTTnet, the other client of .NET.</summary>
public sealed class MqttNetTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private static readonly MqttProtocolVersion[] Versions = [MqttProtocolVersion.V310, MqttProtocolVersion.V311, MqttProtocolVersion.V500];

    public static TheoryData<MqttProtocolVersion, bool> VersionsAndTransports => new(
        Versions.Select(version => (version, false)).Concat(Versions.Select(version => (version, true))));

    [Theory, MemberData(nameof(VersionsAndTransports))]
    [Spec("3.1.1 MQTT-7.0.0-2")]
    public async Task Client_subscribes_and_publishes_at_every_qos(MqttProtocolVersion version, bool overWebSocket)
    {
        await using var server = await TestServer.StartAsync(
            new ListenerOptions { Name = "tcp", Port = ListenPort.Auto },
            new ListenerOptions { Name = "ws", Transport = ListenerTransport.Ws, Port = ListenPort.Auto });
        var received = Channel.CreateUnbounded<string>();
        using var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += message =>
        {
            var content = message.ApplicationMessage;
            received.Writer.TryWrite($"{content.Topic} {content.ConvertPayloadToString()} {(int)content.QualityOfServiceLevel}");
            return Task.CompletedTask;
        };
        var options = new MqttClientOptionsBuilder().WithProtocolVersion(version).WithClientId("net").WithTimeout(Deadline);
        options = overWebSocket
            ? options.WithWebSocketServer(webSocket => webSocket.WithUri($"ws://127.0.0.1:{server.PortOf("ws")}/mqtt"))
            : options.WithTcpServer("127.0.0.1", server.PortOf("tcp"));

        await client.ConnectAsync(options.Build());
        await client.SubscribeAsync("home/#", MqttQualityOfServiceLevel.ExactlyOnce);
        foreach (var qos in Enum.GetValues<MqttQualityOfServiceLevel>())
        {
            await client.PublishStringAsync("home/temperature", $"22.{(int)qos}", qos);
        }

        using var deadline = new CancellationTokenSource(Deadline);
        for (var qos = 0; qos < 3; qos++) Assert.Equal($"home/temperature 22.{qos} {qos}", await received.Reader.ReadAsync(deadline.Token));
        await client.DisconnectAsync();
    }
}
