using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>The real executable and its signals.</summary>
public sealed class SignalTests
{
    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public async Task Stop_signal_tells_the_clients_and_ends_with_success(PosixSignal signal)
    {
        await using var process = await AvocetProcess.ServeAsync();
        var port = await AvocetProcess.PortOfAsync(process);
        await using var newer = await OpenAsync(port);
        await using var older = await OpenAsync(port);
        var v5 = await StreamPeer.ConnectAsync(newer, Given.Client("new"));
        var v311 = await StreamPeer.ConnectAsync(older, Given.Client("old").V311());

        process.Signal(signal);

        await v5.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        await v311.ExpectCloseAsync();
        Assert.Equal(0, await process.WaitForExitAsync());
        Assert.Empty(process.ErrorLines);
        await process.WaitForLineAsync("Stopped.");
    }

    [Fact]
    public async Task Stop_signal_is_obeyed_over_tls_too()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(folder, "server", "localhost");
        await using var process = await AvocetProcess.ServeAsync(
            "--set", $"certificate.0.file={certificate.File}", "--set", $"certificate.0.key_file={certificate.KeyFile}",
            "--set", "listener.tls.port=auto", "--set", "listener.wss.port=0");
        await using var tls = await TlsTests.AuthenticateAsync(await OpenAsync(await AvocetProcess.PortOfAsync(process, "tls")), certificates, "localhost");
        var peer = await StreamPeer.ConnectAsync(tls, Given.Client("c"));

        process.Signal(PosixSignal.SIGTERM);

        await peer.ExpectDisconnectAsync(ReasonCode.ServerShuttingDown);
        Assert.Equal(0, await process.WaitForExitAsync());
    }

    [Fact]
    public async Task Client_that_does_not_read_cannot_hold_up_the_end()
    {
        await using var process = await AvocetProcess.ServeAsync("--set", "shutdown_timeout_seconds=2");
        await using var stream = await OpenAsync(await AvocetProcess.PortOfAsync(process));
        var peer = await StreamPeer.ConnectAsync(stream, Given.Client("deaf"));
        await peer.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtMostOnce));
        await peer.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await using var other = await OpenAsync(await AvocetProcess.PortOfAsync(process));
        var writer = await StreamPeer.ConnectAsync(other, Given.Client("writer"));
        var payload = new string('x', 500_000);
        for (var i = 0; i < 20; i++) await writer.SendAsync(Given.Publish("a").Payload(payload));
        await writer.ExpectNothingAsync();

        process.Signal(PosixSignal.SIGTERM);

        Assert.Equal(0, await process.WaitForExitAsync());
    }

    [Fact]
    public async Task Hang_up_applies_what_can_be_and_tells_what_waits_for_a_restart()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "log_level = \"info\"\n");
        await using var process = await AvocetProcess.ServeAsync("--config", file);

        folder.Write("avocet.toml", "log_level = \"debug\"\n[limits]\nreceive_maximum = 7\n");
        process.Signal(PosixSignal.SIGHUP);

        await process.WaitForLineAsync("Changed without a restart: log_level = \"debug\".");
        await process.WaitForLineAsync("Changed, but waits for a restart: limits.receive_maximum = 7.");
        await process.WaitForLineAsync("Configuration reloaded: 1 applied, 1 waiting for a restart.");
    }

    [Fact]
    public async Task Hang_up_with_a_bad_file_keeps_the_old_configuration()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "log_level = \"info\"\n");
        await using var process = await AvocetProcess.ServeAsync("--config", file);
        await using var stream = await OpenAsync(await AvocetProcess.PortOfAsync(process));
        var peer = await StreamPeer.ConnectAsync(stream, Given.Client("c"));

        folder.Write("avocet.toml", "log_level = \"loud\"\n");
        process.Signal(PosixSignal.SIGHUP);

        var line = await process.WaitForLineAsync("Configuration not reloaded, the old one stays: ");
        Assert.Contains($"{file}:1: log_level = \"loud\"", line, StringComparison.Ordinal);
        await peer.ExpectNothingAsync();
    }

    [Fact]
    public async Task Hang_up_reads_certificates_from_other_files_without_dropping_anyone()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        certificates.WritePem(folder, "one", "one.example");
        certificates.WritePem(folder, "two", "two.example");
        const string Template = "[[listener]]\nname = \"tls\"\nport = \"auto\"\n[[certificate]]\nfile = \"NAME.pem\"\nkey_file = \"NAME.key\"\n";
        var file = folder.Write("avocet.toml", Template.Replace("NAME", "one", StringComparison.Ordinal));
        await using var process = AvocetProcess.Start("serve", "--config", file);
        var port = await AvocetProcess.PortOfAsync(process, "tls");
        await using var old = await TlsTests.AuthenticateAsync(await OpenAsync(port), certificates, "one.example");
        var peer = await StreamPeer.ConnectAsync(old, Given.Client("c"));

        folder.Write("avocet.toml", Template.Replace("NAME", "two", StringComparison.Ordinal));
        process.Signal(PosixSignal.SIGHUP);
        await process.WaitForLineAsync("Configuration reloaded: 2 applied, 0 waiting for a restart.");

        await using var renewed = await TlsTests.AuthenticateAsync(await OpenAsync(port), certificates, "two.example");
        Assert.Equal("CN=two.example", renewed.RemoteCertificate!.Subject);
        await peer.ExpectNothingAsync();
    }

    [Fact]
    public async Task Log_in_json_is_an_object_a_line()
    {
        await using var process = await AvocetProcess.ServeAsync("--set", "log_format=json");
        process.Signal(PosixSignal.SIGTERM);
        await process.WaitForExitAsync();

        foreach (var line in process.Output.Split('\n'))
        {
            using var json = JsonDocument.Parse(line);
            Assert.Equal("info", json.RootElement.GetProperty("level").GetString());
            Assert.InRange(json.RootElement.GetProperty("event").GetInt32(), 1000, 3999);
            Assert.NotEqual("", json.RootElement.GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task Sockets_go_on_inline()
    {
        // One polling thread for each processor is the sign that .NET took the setting; without it there is one for thirty.
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.ProcessorCount > 1, "Only Linux tells, and only with several processors.");
        await using var process = await AvocetProcess.ServeAsync();
        await using var stream = await OpenAsync(await AvocetProcess.PortOfAsync(process));
        await StreamPeer.ConnectAsync(stream, Given.Client("c"));

        var names = Directory.GetDirectories($"/proc/{process.Id}/task").Select(task => File.ReadAllText(Path.Combine(task, "comm")).Trim());

        Assert.Equal(Environment.ProcessorCount, names.Count(name => name == ".NET Sockets"));
    }

    private static async Task<Stream> OpenAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
