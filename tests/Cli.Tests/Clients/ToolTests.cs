using System.Globalization;
using System.Text.Json;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Clients;

/// <summary>The other commands that are clients, as real processes at a broker of the test.</summary>
public sealed class ToolTests
{
    private static readonly ListenerOptions Listener = new() { Name = "tcp", Port = ListenPort.Auto };

    [Fact]
    public async Task Question_is_answered()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var responder = ToolProcess.Avocet(port, "respond", "upper/#", "--exec", "tr a-z A-Z", "-d", "-C", "2");
        await responder.WaitForLineAsync("Connected");

        // The responder subscribes after it has connected; a question that comes before that has no answer.
        await using var first = ToolProcess.Avocet(port, "request", "upper/x", "hello", "-W", "15");
        Assert.Equal("HELLO", await first.WaitForSuccessAsync());
        await using var second = ToolProcess.Avocet(port, "request", "upper/x", "again", "-W", "15");
        Assert.Equal("AGAIN", await second.WaitForSuccessAsync());
        await responder.WaitForSuccessAsync();
    }

    [Fact]
    public async Task Question_without_answer_ends_with_27()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var process = ToolProcess.Avocet(server.PortOf("tcp"), "request", "nobody", "-W", "0.3");

        Assert.Equal(27, await process.WaitForExitAsync());
        Assert.Equal(["avocet: No answer from nobody within 0.3 s. Is somebody there who responds?"], process.ErrorLines);
    }

    [Fact]
    public async Task Recording_is_replayed_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("recording.jsonl");
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using (var recorder = ToolProcess.Avocet(port, "record", file, "home/#", "-q", "2", "-C", "3", "-d"))
        {
            await recorder.WaitForLineAsync("Subscribed");
            await ToolProcess.PublishAsync(port, "-t", "home/a", "-m", "22.5 äö \"x\"", "-q", "1");
            await ToolProcess.PublishAsync(port, "-V", "mqttv5", "-t", "home/b", "-m", "p", "-D", "publish", "content-type", "a/b", "-D", "publish", "user-property", "k", "v");
            await ToolProcess.PublishAsync(port, "-t", "home/c", "-f", WriteBytes(folder));
            await recorder.WaitForSuccessAsync();
        }

        await using var subscriber = ToolProcess.Mosquitto("mosquitto_sub", port, "-V", "mqttv5", "-d", "-q", "2", "-t", "copy/#", "-C", "3", "-F", "%t %q %C %P %x");
        await subscriber.WaitForLineAsync("Subscribed");
        await using (var player = ToolProcess.Avocet(port, "replay", file, "--speed", "100", "--prefix", "copy/")) await player.WaitForSuccessAsync();

        await subscriber.WaitForSuccessAsync();
        var lines = subscriber.Output.Split('\n').Where(line => line.StartsWith("copy/", StringComparison.Ordinal));
        Assert.Equal(
            [
                $"copy/home/a 1   {Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes("22.5 äö \"x\""))}",
                "copy/home/b 0 a/b k:v 70",
                "copy/home/c 0   01ff0041",
            ],
            lines);
        var times = (await File.ReadAllLinesAsync(file)).Select(line => DateTimeOffset.Parse(JsonDocument.Parse(line).RootElement.GetProperty("time").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(3, times.Count());

        static string WriteBytes(TemporaryFolder folder)
        {
            File.WriteAllBytes(folder.File("bytes"), [1, 0xFF, 0, 0x41]);
            return folder.File("bytes");
        }
    }

    [Fact]
    public async Task Line_that_is_no_recording_is_told_with_its_number()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("wrong.jsonl", "{\"time\":\"2026-01-01T00:00:00Z\",\"topic\":\"a\",\"qos\":0,\"payload\":\"x\"}\n{\"topic\":1}\n");
        await using var server = await TestServer.StartAsync(Listener);
        await using var process = ToolProcess.Avocet(server.PortOf("tcp"), "replay", file);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.StartsWith($"avocet: {file}:2: is no line of a recording", Assert.Single(process.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tree_and_top_show_retained_values()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await ToolProcess.PublishAsync(port, "-t", "home/kitchen/temperature", "-m", "22.5", "-r");
        await ToolProcess.PublishAsync(port, "-t", "home/hall/light", "-m", "on", "-r");

        await using var tree = ToolProcess.Avocet(port, "tree", "home/#", "--interval", "1", "-C", "1");
        Assert.Equal(
            ["home", " ├─ hall", " │  └─ light = on", " └─ kitchen", "    └─ temperature = 22.5"],
            (await tree.WaitForSuccessAsync()).Split('\n').Select(line => line.Replace("  1.0/s", "", StringComparison.Ordinal)));

        await using var top = ToolProcess.Avocet(port, "top", "home/#", "--interval", "1", "-C", "1");
        var output = await top.WaitForSuccessAsync();
        Assert.StartsWith("2 topics, ", output, StringComparison.Ordinal);
        Assert.Contains("home/kitchen/temperature 22.5", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smart-home", "homeassistant/sensor/0x00158d0000000000/temperature/config {\"name\":")]
    [InlineData("smart-home", "zigbee2mqtt/livingroom_climate/availability {\"state\":\"online\"}")]
    [InlineData("smart-home", "zigbee2mqtt/livingroom_climate {\"temperature\":")]
    [InlineData("energy", "energy/meter001/state {\"time\":")]
    [InlineData("farm", "/event/up {\"time\":")]
    public async Task Simulated_devices_report(string kind, string due)
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var subscriber = ToolProcess.Mosquitto("mosquitto_sub", port, "-d", "-v", "-t", "#");
        await subscriber.WaitForLineAsync("Subscribed");

        await using var devices = ToolProcess.Avocet(port, "simulate", kind, "--clients", "2", "--speed", "10");

        var line = await subscriber.WaitForLineAsync(due);
        using var json = JsonDocument.Parse(line[line.IndexOf('{', StringComparison.Ordinal)..]);
        devices.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
        await devices.WaitForSuccessAsync();
        if (kind == "smart-home") await subscriber.WaitForLineAsync("zigbee2mqtt/livingroom_climate/availability {\"state\":\"offline\"}");
        if (kind == "energy") await subscriber.WaitForLineAsync("energy/meter001/status offline");
    }

    [Fact]
    public async Task Ping_tells_times_and_features()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var process = AvocetProcess.Start("ping", $"mqtt://127.0.0.1:{server.PortOf("tcp")}", "-c", "3", "--interval", "0");

        var output = await process.WaitForSuccessAsync();

        Assert.Matches(@"TCP +\d+\.\d{3} ms", output);
        Assert.Matches(@"CONNACK +\d+\.\d{3} ms   MQTT 5\.0", output);
        Assert.Matches(@"PINGRESP +\d+\.\d{3} ms   3 round trips", output);
        Assert.Matches(@"shared subscriptions +yes", output);
    }

    [Fact]
    public async Task Ping_over_tls_tells_of_the_certificate()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(folder, "server", "localhost");
        var authority = folder.Write("ca.pem", certificates.AuthorityPem + "\n");
        await using var server = await TestServer.StartAsync(Listener with { Name = "tls", Transport = ListenerTransport.Tls, Certificates = [certificate] });
        var url = $"mqtts://localhost:{server.PortOf("tls")}";

        await using var trusting = AvocetProcess.Start("ping", url, "-c", "1", "--cafile", authority);
        Assert.Matches(@"TLS +\d+\.\d{3} ms   Tls1[23], ", await trusting.WaitForSuccessAsync());

        await using var doubting = AvocetProcess.Start("ping", url, "-c", "1");
        Assert.Equal(1, await doubting.WaitForExitAsync());
        Assert.Contains("TLS with", Assert.Single(doubting.ErrorLines), StringComparison.Ordinal);

        await using var publisher = AvocetProcess.Start("pub", "-h", "localhost", "-p", $"{server.PortOf("tls")}", "--cafile", authority, "-t", "a", "-m", "b", "-q", "1");
        await publisher.WaitForSuccessAsync();
    }

    [Theory]
    [InlineData("pub")]
    [InlineData("sub")]
    [InlineData("request")]
    [InlineData("respond")]
    [InlineData("ping")]
    [InlineData("record")]
    [InlineData("replay")]
    [InlineData("top")]
    [InlineData("tree")]
    [InlineData("simulate", "farm")]
    [InlineData("completion")]
    [InlineData("conformance")]
    public async Task Help_has_examples_of_the_command(params string[] command)
    {
        await using var process = AvocetProcess.Start([.. command, "--help"]);

        var help = await process.WaitForSuccessAsync();

        Assert.Contains("Examples:", help, StringComparison.Ordinal);
        Assert.Contains($"avocet {command[0]}", help[help.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }
}
