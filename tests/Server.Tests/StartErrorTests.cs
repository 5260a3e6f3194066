using System.Net;
using System.Net.Sockets;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>What keeps the server from starting is told in one line on standard error, with exit code 1.</summary>
public sealed class StartErrorTests
{
    [Fact]
    public async Task Port_in_use_is_told_with_the_ways_out()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await AssertFailsAsync(
            $"avocet: listener 'tcp' not started: 127.0.0.1 port {port} is in use by another program. Stop that one, or choose another port with --port.",
            "serve", "--port", $"{port}", "--ws-port", "0");
    }

    [Fact]
    public Task Address_of_another_machine_is_told() =>
        AssertFailsAsync(
            "avocet: listener 'tcp' not started: this machine has no address 192.0.2.1.",
            "serve", "--bind", "192.0.2.1", "--allow-anonymous", "--port", "auto", "--ws-port", "0");

    [Theory]
    [InlineData("*")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public Task Listening_beyond_this_machine_without_passwords_is_refused_with_the_ways_out(string address) =>
        AssertFailsAsync(
            $"avocet: listener 'tcp' not started: {address} can be reached from other machines and nobody would have to log in. "
            + "Either listen on this machine only (address = \"127.0.0.1\", or --bind 127.0.0.1), "
            + "or ask for passwords (login.users = true, or login.password_file, see 'avocet passwd'), "
            + "or let everyone in on purpose (allow_anonymous = true, or --allow-anonymous).",
            "serve", "--bind", address, "--port", "auto");

    [Fact]
    public async Task Listening_beyond_this_machine_starts_when_anonymous_clients_are_allowed_on_purpose()
    {
        await using var process = await AvocetProcess.ServeAsync("--bind", "0.0.0.0", "--allow-anonymous");

        Assert.NotEqual(0, await AvocetProcess.PortOfAsync(process));
    }

    [Fact]
    public async Task Missing_certificate_is_told()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("none.pem");

        await AssertFailsAsync(
            $"avocet: listener 'tls' not started: certificate {file} cannot be used: there is no file {file}.",
            "serve", "--port", "auto", "--ws-port", "0", "--set", $"certificate.0.file={file}");
    }

    [Fact]
    public async Task Key_of_another_certificate_is_told()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var first = certificates.WritePem(folder, "first", "localhost");
        var second = certificates.WritePem(folder, "second", "localhost");

        var error = await FailAsync("serve", "--set", $"certificate.0.file={first.File}", "--set", $"certificate.0.key_file={second.KeyFile}");

        Assert.StartsWith($"avocet: listener 'tls' not started: certificate {first.File} cannot be used: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_configuration_is_told_with_its_line()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "\nlog_levle = \"debug\"\n");

        await AssertFailsAsync($"avocet: {file}:2: there is no key 'log_levle'; the nearest is 'log_level'.", "serve", "--config", file);
    }

    [Fact]
    public Task Everything_turned_off_is_told() => AssertFailsAsync("avocet: all listeners are off, so nobody could connect. Give one a port.", "serve", "--port", "0", "--ws-port", "0");

    [Fact]
    public Task Misspelt_option_is_told_with_the_nearest_one() =>
        AssertFailsAsync("avocet: '--prot' is not known here; the nearest is --port. See 'avocet serve --help'.", "serve", "--prot", "1884");

    private static async Task AssertFailsAsync(string error, params string[] arguments) => Assert.Equal(error, await FailAsync(arguments));

    private static async Task<string> FailAsync(params string[] arguments)
    {
        await using var process = AvocetProcess.Start(arguments);
        Assert.Equal(1, await process.WaitForExitAsync());
        return Assert.Single(process.ErrorLines, line => line.Length > 0);
    }
}
