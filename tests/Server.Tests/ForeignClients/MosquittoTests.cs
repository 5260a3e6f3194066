using System.Globalization;
using Avocet.Server.Tests.Support;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Server.Tests.ForeignClients;

/// <summary>mosquitto_sub and mosquitto_pub.</summary>
public sealed class MosquittoTests
{
    private static readonly string[] Versions = ["mqttv31", "mqttv311", "mqttv5"];

    public static TheoryData<string, int> VersionsAndQos => new(from version in Versions from qos in Enumerable.Range(0, 3) select (version, qos));

    [Theory, MemberData(nameof(VersionsAndQos))]
    [Spec("MQTT-4.2.0-1", "3.1.1 MQTT-7.1.1-1", "3.1.1 MQTT-7.0.0-2")]
    public async Task Message_gets_from_publisher_to_subscriber(string version, int qos)
    {
        await using var server = await AvocetProcess.ServeAsync();
        string[] place = ["-h", "127.0.0.1", "-p", Text(await AvocetProcess.PortOfAsync(server)), "-V", version, "-q", Text(qos)];

        await RoundTripAsync(place);
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Message_gets_through_over_tls(string version)
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(folder, "server", "localhost");
        var authority = folder.Write("ca.pem", certificates.AuthorityPem + "\n");
        await using var server = await AvocetProcess.ServeAsync(
            "--port", "0", "--ws-port", "0", "--set", "listener.tls.port=auto", "--set", "listener.wss.port=0",
            "--set", $"certificate.0.file={certificate.File}", "--set", $"certificate.0.key_file={certificate.KeyFile}");
        string[] place = ["-h", "localhost", "-p", Text(await AvocetProcess.PortOfAsync(server, "tls")), "-V", version, "--cafile", authority];

        await RoundTripAsync(place);
    }

    [Fact]
    public async Task Retained_message_and_will_arrive()
    {
        await using var server = await AvocetProcess.ServeAsync();
        string[] place = ["-h", "127.0.0.1", "-p", Text(await AvocetProcess.PortOfAsync(server)), "-V", "mqttv5"];
        await using (var publisher = ChildProcess.Start("mosquitto_pub", [.. place, "-t", "home/state", "-m", "on", "-r", "-q", "1"]))
        {
            await publisher.WaitForSuccessAsync();
        }

        await using var subscriber = Subscriber.Start([.. place, "-v", "-C", "2", "-t", "home/#"]);
        await subscriber.WaitForLineAsync("home/state on");
        await using (var dying = Subscriber.Start([.. place, "-d", "-t", "x", "--will-topic", "home/will", "--will-payload", "gone"]))
        {
            // Disposing kills it, so it cannot say DISCONNECT.
            await dying.WaitForLineAsync("Subscribed");
        }

        await subscriber.WaitForLineAsync("home/will gone");
        await subscriber.WaitForSuccessAsync();
    }

    [Fact]
    public async Task Client_over_unix_socket_works()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mqtt.sock");
        await using var server = await AvocetProcess.ServeAsync("--port", "0", "--ws-port", "0", "--set", "listener.unix.path=" + path);

        await RoundTripAsync(["--unix", path]);
    }

    private static async Task RoundTripAsync(string[] place)
    {
        await using var subscriber = Subscriber.Start([.. place, "-d", "-v", "-C", "1", "-t", "home/+/temperature"]);
        await subscriber.WaitForLineAsync("Subscribed");

        await using var publisher = ChildProcess.Start("mosquitto_pub", [.. place, "-t", "home/kitchen/temperature", "-m", "22.5"]);
        await publisher.WaitForSuccessAsync();

        await subscriber.WaitForLineAsync("home/kitchen/temperature 22.5");
        await subscriber.WaitForSuccessAsync();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
