using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using MQTTnet.Server;
using Xunit;

namespace Avocet.Client.Tests;

/// <summary>Brokers of others: Debian's mosquitto and MQTTnet's server.</summary>
public sealed class ForeignServerTests
{
    [Theory]
    [InlineData(ProtocolVersion.V50)]
    [InlineData(ProtocolVersion.V311)]
    public async Task Mosquitto_takes_and_sends_messages(ProtocolVersion version)
    {
        var port = FreePort();
        await using var mosquitto = await StartMosquittoAsync(port);

        await TransportTests.TalkAsync($"mqtt://127.0.0.1:{port}", o => o.ProtocolVersion = version);
    }

    [Fact]
    public async Task Mosquitto_that_is_stopped_and_started_gets_what_was_published_meanwhile()
    {
        var port = FreePort();
        var mosquitto = await StartMosquittoAsync(port);
        await using var client = await MqttClient.ConnectAsync($"mqtt://127.0.0.1:{port}", o => o.ReconnectDelayMax = o.ReconnectDelay = TimeSpan.FromMilliseconds(100));
        await using var subscription = await client.OpenSubscriptionAsync("a");
        var waiting = client.ForAsync(ConnectionState.Waiting);
        await mosquitto.DisposeAsync();
        await waiting;

        var publishing = client.PublishAsync("a", "meanwhile", Qos.AtLeastOnce).AsTask();
        mosquitto = await StartMosquittoAsync(port);
        await publishing.WaitAsync(Wait.Deadline);

        Assert.Equal("meanwhile", (await subscription.ReadAllAsync().TakeAsync(1))[0].Text);
        await client.DisconnectAsync();
        await mosquitto.DisposeAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.V50)]
    [InlineData(ProtocolVersion.V311)]
    public async Task MqttNet_server_takes_and_sends_messages(ProtocolVersion version)
    {
        var port = FreePort();
        var options = new MqttServerOptionsBuilder().WithDefaultEndpoint().WithDefaultEndpointBoundIPAddress(IPAddress.Loopback).WithDefaultEndpointPort(port).Build();
        using var server = new MqttServerFactory().CreateMqttServer(options);
        await server.StartAsync();

        await TransportTests.TalkAsync($"mqtt://127.0.0.1:{port}", o => o.ProtocolVersion = version);

        await server.StopAsync();
    }

    private static async Task<ChildProcess> StartMosquittoAsync(int port)
    {
        // Debian has it where only root looks.
        var program = File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto";
        var process = ChildProcess.Start(program, "-p", port.ToString(CultureInfo.InvariantCulture), "-v");
        await process.WaitForLineAsync(" running");
        return process;
    }

    // Neither of them can say which port it chose; so it is one of those that the system gives to nobody by itself.
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
