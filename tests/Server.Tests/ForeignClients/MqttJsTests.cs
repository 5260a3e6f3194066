using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Server.Tests.ForeignClients;

/// <summary>MQTT.js, the client of browsers and Node.js.</summary>
public sealed class MqttJsTests
{
    [Theory]
    [InlineData("mqtt", 4)]
    [InlineData("mqtt", 5)]
    [InlineData("ws", 4)]
    [InlineData("ws", 5)]
    [Spec("3.1.1 MQTT-7.0.0-2")]
    public async Task Client_subscribes_and_publishes_at_every_qos(string scheme, int version)
    {
        var script = Repository.File("tests", "Server.Tests", "js", "client.js");
        var isInstalled = Directory.Exists(Repository.File("tests", "Server.Tests", "js", "node_modules", "mqtt"));
        Assert.True(isInstalled, "MQTT.js is not installed. Run ./test.sh, or npm ci in tests/Server.Tests/js.");
        await using var server = await AvocetProcess.ServeAsync();
        var port = await AvocetProcess.PortOfAsync(server, scheme == "ws" ? "ws" : "tcp");
        var url = scheme == "ws" ? $"ws://127.0.0.1:{port}/mqtt" : $"mqtt://127.0.0.1:{port}";

        await using var client = ChildProcess.Start("node", script, url, $"{version}");
        var output = await client.WaitForSuccessAsync();

        Assert.Equal(["home/temperature 22.0 0", "home/temperature 22.1 1", "home/temperature 22.2 2"], output.Split('\n'));
    }
}
