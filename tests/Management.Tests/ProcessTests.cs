using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Management.Tests;

/// <summary>The real program: where its console listens, who gets in from the shell, and what keeps it from starting.</summary>
public sealed partial class ProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Serve_says_where_the_console_is_and_prints_a_setup_link_until_there_is_a_user()
    {
        await using (var process = await ServeAsync())
        {
            var link = await process.WaitForLineAsync("/setup#");
            Assert.Contains("30 minutes", link, StringComparison.Ordinal);
            await StopAsync(process);
        }

        await using (var add = AvocetProcess.Start("console", "add-user", "anna", "--data", _folder.Path))
        {
            await add.WriteLastLineAsync("correct horse battery");
            Assert.Contains("Added user 'anna', admin.", await add.WaitForSuccessAsync(), StringComparison.Ordinal);
        }

        await using var again = await ServeAsync();
        Assert.DoesNotContain("/setup#", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_password_counts_in_the_running_broker()
    {
        await using var process = await ServeAsync();
        await RunAsync("correct horse battery", "console", "add-user", "anna", "--data", _folder.Path);

        await RunAsync("another password", "console", "reset-password", "anna", "--data", _folder.Path);

        using var client = await ClientAsync(process);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/login") { Content = new StringContent("""{"name":"anna","password":"another password"}""", MediaTypeHeaderValue.Parse("application/json")) };
        request.Headers.Add("X-Avocet-Console", "1");
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Port_that_was_asked_for_and_is_taken_is_an_error()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await using var process = AvocetProcess.Start("serve", "--port", "auto", "--ws-port", "0", "--console-port", $"{port}");

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([$"avocet: the console was not started: 127.0.0.1:{port} is in use by another program. Stop that one, or choose another port with --console-port."], process.ErrorLines);
    }

    [Fact]
    public async Task Usual_port_that_is_taken_keeps_the_console_off_and_not_the_broker()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 18083);
        try
        {
            taken.Start();
        }
        catch (SocketException)
        {
            // Taken by somebody else, which will do.
        }

        await using var process = ChildProcess.Start(AvocetProcess.Program, "serve", "--port", "auto", "--ws-port", "0", "--data", _folder.Path);

        await process.WaitForLineAsync("Ready.");
        Assert.Contains("The broker runs without its console: the console was not started: 127.0.0.1:18083 is in use", process.Output, StringComparison.Ordinal);
        await StopAsync(process);
    }

    [Fact]
    public async Task Ctl_looks_after_the_broker_of_this_machine()
    {
        await using var process = await ServeAsync();
        Assert.Contains("clients_connected", await CtlAsync("overview"), StringComparison.Ordinal);
        Assert.StartsWith("status", await CtlAsync("health"), StringComparison.Ordinal);
        Assert.Contains("tcp ", await CtlAsync("listeners"), StringComparison.Ordinal);
        Assert.Contains("limits.packet_size_max", await CtlAsync("config", "show"), StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(await CtlAsync("publish", "home/door", "open", "-q", "1", "-r", "--json")).RootElement.GetProperty("matched").GetInt32() + 1);
        Assert.Contains("1", await CtlAsync("overview", "--json"), StringComparison.Ordinal);

        var key = JsonDocument.Parse(await CtlAsync("keys", "create", "grafana", "--scope", "read", "--json")).RootElement.GetProperty("key").GetString()!;
        var keyFile = _folder.File("key");
        await File.WriteAllTextAsync(keyFile, key + "\n");
        using var client = await ClientAsync(process);
        var url = client.BaseAddress!.ToString();
        Assert.Contains("version", await RunAsync(null, "ctl", "version", "--url", url, "--api-key-file", keyFile), StringComparison.Ordinal);
        Assert.Contains("this takes admin", await FailAsync("ctl", "audit", "--url", url, "--api-key-file", keyFile), StringComparison.Ordinal);

        await RunAsync("correct horse battery", "ctl", "users", "add", "anna", "--role", "admin", "--data", _folder.Path);
        Assert.Contains("anna", await CtlAsync("users", "list"), StringComparison.Ordinal);
        Assert.Contains("last admin", await FailAsync("ctl", "users", "delete", "anna", "--data", _folder.Path), StringComparison.Ordinal);
        Assert.Contains("user.create", await CtlAsync("audit", "--action", "user"), StringComparison.Ordinal);
        await CtlAsync("publish", "home/door", "open", "--retain");
        Assert.Contains("home/door", await CtlAsync("retained", "list", "home/#"), StringComparison.Ordinal);
        Assert.Contains("Nobody has subscribed to it.", await CtlAsync("explain", "home/door"), StringComparison.Ordinal);
        Assert.Contains("no session with this client identifier", await CtlAsync("explain", "home/door", "--subscriber", "panel"), StringComparison.Ordinal);
        Assert.Contains("wildcard", await CtlAsync("explain", "home/#"), StringComparison.Ordinal);
        Assert.Contains("none", await CtlAsync("clients", "list"), StringComparison.Ordinal);
        Assert.Contains("none", await CtlAsync("events", "--kind", "queue_full"), StringComparison.Ordinal);
        Assert.Contains("is_dry_run  false", await CtlAsync("retained", "remove", "home/#"), StringComparison.Ordinal);
        Assert.Contains("No client of this identifier", await FailAsync("ctl", "clients", "disconnect", "nobody", "--data", _folder.Path), StringComparison.Ordinal);
        await CtlAsync("config", "reload");
        await process.WaitForLineAsync("Configuration reloaded");
    }

    [Fact]
    public async Task Simulated_home_of_ctl_leaves_nothing_in_the_data_folder_when_the_broker_stops()
    {
        await using (var process = await ServeAsync())
        {
            Assert.Contains("clients", await CtlAsync("simulate", "start", "--clients", "3", "--minutes", "5"), StringComparison.Ordinal);
            Assert.Contains("is_running  true", await CtlAsync("simulate", "show"), StringComparison.Ordinal);
            Assert.Contains("runs already", await FailAsync("ctl", "simulate", "start", "--data", _folder.Path), StringComparison.Ordinal);
            Assert.Contains("retained_removed", await CtlAsync("simulate", "stop"), StringComparison.Ordinal);
            await CtlAsync("simulate", "start");
            await StopAsync(process);
        }

        await using var again = await ServeAsync();
        Assert.Contains("0 retained messages", again.Output, StringComparison.Ordinal);
        Assert.Contains("none", await CtlAsync("clients", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctl_without_a_broker_says_what_to_do()
    {
        Assert.Contains("--data", await FailAsync("ctl", "overview", "--data", _folder.Path), StringComparison.Ordinal);
        Assert.Contains("cannot be reached", await FailAsync("ctl", "overview", "--url", "http://127.0.0.1:1"), StringComparison.Ordinal);
        Assert.Contains("--url is 'nowhere'", await FailAsync("ctl", "overview", "--url", "nowhere"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_with_tls_is_found_by_its_certificate_and_marks_its_cookie_secure()
    {
        using var certificates = new TestCertificates();
        var certificate = certificates.WritePem(_folder, "server", "broker.example.org");
        await using var process = await AvocetProcess.ServeAsync(
            "--console-port", "auto", "--data", _folder.Path, "--set", "console.tls=true", "--set", $"certificate.0.file={certificate.File}", "--set", $"certificate.0.key_file={certificate.KeyFile}",
            "--set", "listener.tls.port=auto", "--set", "listener.wss.port=auto");
        await RunAsync("correct horse battery", "console", "add-user", "anna", "--data", _folder.Path);

        Assert.Contains("version", await CtlAsync("version"), StringComparison.Ordinal);

        var url = Url().Match(await process.WaitForLineAsync("Console: https")).Value;
        Assert.Contains("certificate", await FailAsync("ctl", "version", "--url", url), StringComparison.OrdinalIgnoreCase);
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=broker.example.org" } });
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "/api/v1/login") { Content = new StringContent("""{"name":"anna","password":"correct horse battery"}""", MediaTypeHeaderValue.Parse("application/json")) };
        request.Headers.Add("X-Avocet-Console", "1");
        using var response = await client.SendAsync(request);
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.StartsWith("__Host-avocet_console=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Certificates_of_listeners_are_told_with_their_ends()
    {
        using var certificates = new TestCertificates();
        var now = DateTimeOffset.UtcNow;
        var good = certificates.WritePem(_folder, "good", now.AddDays(25), "broker.example.org", "mqtt.example.org");
        var ending = certificates.WritePem(_folder, "ending", now.AddHours(5), "soon.example.org");
        var ended = certificates.WritePem(_folder, "ended", now.AddHours(-1), "old.example.org");
        string[] settings =
        [
            $"listener.tls.certificate.0.file={good.File}", $"listener.tls.certificate.0.key_file={good.KeyFile}", $"listener.tls.certificate.1.file={ending.File}", $"listener.tls.certificate.1.key_file={ending.KeyFile}",
            $"listener.old.certificate.0.file={ended.File}", $"listener.old.certificate.0.key_file={ended.KeyFile}",
        ];
        await using var process = await AvocetProcess.ServeAsync(
            ["--console-port", "auto", "--data", _folder.Path, "--set", "listener.tls.transport=tls", "--set", "listener.tls.port=auto", "--set", "listener.old.transport=tls", "--set", "listener.old.port=auto", .. settings.SelectMany(setting => new[] { "--set", setting })]);

        var listeners = JsonDocument.Parse(await CtlAsync("listeners", "--json")).RootElement.EnumerateArray().ToDictionary(listener => listener.GetProperty("name").GetString()!);
        var told = listeners["tls"].GetProperty("certificates").EnumerateArray().Concat(listeners["old"].GetProperty("certificates").EnumerateArray()).ToList();

        Assert.Equal(["CN=broker.example.org", "CN=soon.example.org", "CN=old.example.org"], told.Select(one => one.GetProperty("subject").GetString()));
        Assert.All(told, one => Assert.Equal("CN=Avocet test authority", one.GetProperty("issuer").GetString()));
        Assert.Equal(["broker.example.org", "mqtt.example.org", "127.0.0.1"], told[0].GetProperty("names").EnumerateArray().Select(name => name.GetString()));
        foreach (var (one, file) in told.Zip([good.File, ending.File, ended.File]))
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
            Assert.Equal(new DateTimeOffset(certificate.NotBefore), one.GetProperty("not_before").GetDateTimeOffset());
            Assert.Equal(new DateTimeOffset(certificate.NotAfter), one.GetProperty("not_after").GetDateTimeOffset());
            Assert.EndsWith("+00:00", one.GetProperty("not_after").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, listeners["tcp"].GetProperty("certificates").GetArrayLength());
        Assert.Contains("ended.pem", await process.WaitForLineAsync("expired"), StringComparison.Ordinal);
        Assert.Contains("subject: CN=old.example.org, issuer: CN=Avocet test authority, not_before: ", await CtlAsync("listeners"), StringComparison.Ordinal);
    }

    private Task<string> CtlAsync(params string[] arguments) => RunAsync(null, ["ctl", .. arguments, "--data", _folder.Path]);

    private static async Task<string> RunAsync(string? input, params string[] arguments)
    {
        await using var process = AvocetProcess.Start(arguments);
        if (input is not null) await process.WriteLastLineAsync(input);
        return await process.WaitForSuccessAsync();
    }

    private static async Task<string> FailAsync(params string[] arguments)
    {
        await using var process = AvocetProcess.Start(arguments);
        Assert.Equal(1, await process.WaitForExitAsync());
        var line = Assert.Single(process.ErrorLines);
        Assert.StartsWith("avocet: ", line, StringComparison.Ordinal);
        return line;
    }

    private Task<ChildProcess> ServeAsync() => AvocetProcess.ServeAsync("--console-port", "auto", "--data", _folder.Path);

    private static async Task<HttpClient> ClientAsync(ChildProcess process) => new() { BaseAddress = new Uri(Url().Match(await process.WaitForLineAsync("Console: http")).Value), Timeout = TimeSpan.FromSeconds(30) };

    private static async Task StopAsync(ChildProcess process)
    {
        process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await process.WaitForExitAsync());
    }

    [GeneratedRegex(@"https?://[0-9.:]+")]
    private static partial Regex Url();
}
