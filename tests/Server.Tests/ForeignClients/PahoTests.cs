using System.Net.NetworkInformation;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Server.Tests.ForeignClients;

/// <summary>Eclipse Paho for Python, with the script that every beginner's guide has.</summary>
[Collection(nameof(StandardPorts))]
public sealed class PahoTests
{
    [Fact]
    [Spec("3.1.1 MQTT-7.0.0-2")]
    public async Task Script_of_the_guide_reaches_a_subscriber()
    {
        var isTaken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == 1883);
        Assert.False(isTaken, "Port 1883 is in use on this machine, and the guide's script knows no other. Stop what listens there, and run the tests again.");
        await using var server = await AvocetProcess.ServeAsync("--port", "1883");
        await using var subscriber = Subscriber.Start("-d", "-v", "-C", "1", "-t", "home/#");
        await subscriber.WaitForLineAsync("Subscribed");

        await using var script = ChildProcess.Start("/usr/bin/python3", Repository.File("tests", "Server.Tests", "ForeignClients", "paho_guide.py"), "127.0.0.1");
        await script.WaitForSuccessAsync();

        await subscriber.WaitForLineAsync("home/livingroom/temperature 22.5");
        await subscriber.WaitForSuccessAsync();
    }
}
