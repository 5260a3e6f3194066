using System.Globalization;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Certificates;

/// <summary>Client certificates of an authority that openssl made, with mosquitto_pub and <c>openssl s_client</c>.</summary>
public sealed class ClientCertificateTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        await OpensslAsync("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Test authority",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", File("ca.key"), "-out", File("ca.pem"));
        await OpensslAsync("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Strange authority",
            "-keyout", File("strange.key"), "-out", File("strange.pem"));
        await IssueAsync("server", "/CN=localhost", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
        await IssueAsync("client", "/O=Example/CN=device1", "ca", "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:device1.example\n");
        await IssueAsync("stranger", "/CN=device1", "strange", "extendedKeyUsage=clientAuth\n");
        await IssueAsync("serveronly", "/CN=device1", "ca", "extendedKeyUsage=serverAuth\n");
        _folder.Write("index.txt", "");
        _folder.Write("crl.cnf", $"[ca]\ndefault_ca=x\n[x]\ndatabase={File("index.txt")}\ndefault_md=sha256\ndefault_crl_days=30\n");
        await WriteRevocationListAsync();
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("cn", "device1")]
    [InlineData("dn", "CN=device1,O=Example")]
    [InlineData("san", "device1.example")]
    public async Task Name_of_the_certificate_is_the_user(string field, string user)
    {
        var acl = _folder.Write("acl", $"user {user}\ntopic write a\n");
        await using var server = await ServeAsync("required", $"listener.tls.certificate_user={field}", $"access.acl_file={acl}", $"listener.tls.certificate_client_id={field}");
        var port = await PortAsync(server);

        await PublishAsync(port, "client", succeeds: true, "-t", "a");
        // Name and identifier of CONNECT do not count.
        await PublishAsync(port, "client", succeeds: true, "-t", "a", "-i", "another", "-u", "root");
        var line = await server.WaitForLineAsync("Connected: ");
        Assert.Contains($"Connected: {user} from ", line, StringComparison.Ordinal);
        Assert.EndsWith($"user {user}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("another", server.Output, StringComparison.Ordinal);
        await PublishAsync(port, "client", succeeds: false, "-V", "5", "-t", "b");
    }

    [Theory]
    [InlineData("use_identity_as_username", "device1")]
    [InlineData("use_subject_as_username", "CN=device1,O=Example")]
    public async Task Mosquitto_conf_takes_user_names_from_certificates(string option, string user)
    {
        // A mosquitto.conf cannot leave the choice of a port to the system; the command line can.
        var configuration = _folder.Write("mosquitto.conf", $"""
            listener 8883 127.0.0.1
            certfile {File("server.pem")}
            keyfile {File("server.key")}
            cafile {File("ca.pem")}
            crlfile {File("crl.pem")}
            require_certificate true
            {option} true
            acl_file {_folder.Write("acl", $"user {user}\ntopic write a\n")}
            """);
        await using var server = ChildProcess.Start(AvocetProcess.Program, "serve", "--config", configuration, "--set", "listener.tls8883.port=auto");
        await server.WaitForLineAsync("Ready.");
        var port = (await AvocetProcess.PortOfAsync(server, "tls8883")).ToString(CultureInfo.InvariantCulture);

        await PublishAsync(port, "client", succeeds: true, "-t", "a");
        await server.WaitForLineAsync($"user {user}");
        await PublishAsync(port, "client", succeeds: false, "-V", "5", "-t", "b");
        await PublishAsync(port, null, succeeds: false, "-t", "a");
    }

    [Theory]
    [InlineData(null, "showed no certificate")]
    [InlineData("stranger", "was refused")]
    [InlineData("serveronly", "was refused")]
    public async Task Certificate_that_is_missing_or_of_another_authority_or_purpose_is_refused(string? certificate, string reason)
    {
        await using var server = await ServeAsync("required", "listener.tls.certificate_user=cn");
        var port = await PortAsync(server);

        await PublishAsync(port, certificate, succeeds: false, "-t", "a");

        await server.WaitForLineAsync(reason);
    }

    [Fact]
    public async Task Optional_certificate_may_be_left_out_and_may_not_be_bad()
    {
        await using var server = await ServeAsync("optional", "listener.tls.certificate_user=cn", "listener.tls.allow_anonymous=true");
        var port = await PortAsync(server);

        await PublishAsync(port, null, succeeds: true, "-t", "a");
        await PublishAsync(port, "client", succeeds: true, "-t", "a");
        await PublishAsync(port, "stranger", succeeds: false, "-t", "a");
    }

    [Fact]
    public async Task Revoked_certificate_is_refused_once_the_list_is_written()
    {
        await using var server = await ServeAsync("required", "listener.tls.certificate_user=cn", $"listener.tls.client_crl_file={File("crl.pem")}");
        var port = await PortAsync(server);
        await PublishAsync(port, "client", succeeds: true, "-t", "a");

        await OpensslAsync("ca", "-config", File("crl.cnf"), "-keyfile", File("ca.key"), "-cert", File("ca.pem"), "-revoke", File("client.pem"));
        await WriteRevocationListAsync();
        server.Signal(System.Runtime.InteropServices.PosixSignal.SIGHUP);
        await server.WaitForLineAsync("Configuration reloaded");

        await PublishAsync(port, "client", succeeds: false, "-t", "a");
        await server.WaitForLineAsync("it is revoked");
    }

    [Fact]
    public async Task Tls_of_today_is_spoken_and_of_yesterday_is_not()
    {
        await using var server = await ServeAsync("none");
        var port = await PortAsync(server);

        Assert.Contains("TLSv1.3", await ClientAsync(port, "-tls1_3"), StringComparison.Ordinal);
        Assert.Matches("Cipher +: ECDHE-[A-Z]+-(AES|CHACHA20)", await ClientAsync(port, "-tls1_2"));
        foreach (var options in (string[][])[["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], ["-tls1_2", "-cipher", "NULL:RC4:3DES:MD5:@SECLEVEL=0"], ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"]])
        {
            var output = await ClientAsync(port, options);
            Assert.True(output.Contains("Cipher is (NONE)", StringComparison.Ordinal) || output.Contains("rror", StringComparison.Ordinal), $"{string.Join(' ', options)}: {output}");
        }
    }

    private string File(string name) => _folder.File(name);

    private Task<ChildProcess> ServeAsync(string mode, params string[] settings)
    {
        var all = new List<string>
        {
            $"certificate.0.file={File("server.pem")}", $"certificate.0.key_file={File("server.key")}", "listener.tls.port=auto", "listener.wss.port=0",
            $"listener.tls.client_certificate={mode}", $"listener.tls.client_ca_file={File("ca.pem")}", "login.failure_delay_milliseconds=0",
        };
        all.AddRange(settings);
        return AvocetProcess.ServeAsync([.. all.SelectMany(setting => (string[])["--set", setting]), "--port", "0", "--ws-port", "0"]);
    }

    private static async Task<string> PortAsync(ChildProcess server) => (await AvocetProcess.PortOfAsync(server, "tls")).ToString(CultureInfo.InvariantCulture);

    private async Task PublishAsync(string port, string? certificate, bool succeeds, params string[] arguments)
    {
        string[] own = certificate is null ? [] : ["--cert", File($"{certificate}.pem"), "--key", File($"{certificate}.key")];
        await using var process = ChildProcess.Start("mosquitto_pub", ["-h", "localhost", "-p", port, "--cafile", File("ca.pem"), "-q", "1", "-m", "x", .. own, .. arguments]);
        var exitCode = await process.WaitForExitAsync();
        // What is not authorized is told on the way, not by the exit code.
        var isDone = exitCode == 0 && !process.Output.Contains("Not authorized", StringComparison.OrdinalIgnoreCase);
        Assert.True(succeeds == isDone, $"{exitCode}: {process.Output}");
    }

    private static async Task<string> ClientAsync(string port, params string[] options)
    {
        await using var process = ChildProcess.Start("sh", "-c", $"openssl s_client -connect localhost:{port} {string.Join(' ', options)} < /dev/null 2>&1");
        await process.WaitForExitAsync();
        return process.Output;
    }

    private async Task IssueAsync(string name, string subject, string authority, string extensions)
    {
        await OpensslAsync("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout", File($"{name}.key"), "-out", File($"{name}.csr"));
        var extensionFile = _folder.Write($"{name}.ext", extensions);
        await OpensslAsync("x509", "-req", "-days", "10", "-in", File($"{name}.csr"), "-CA", File($"{authority}.pem"), "-CAkey", File($"{authority}.key"), "-CAcreateserial",
            "-extfile", extensionFile, "-out", File($"{name}.pem"));
    }

    private Task WriteRevocationListAsync() =>
        OpensslAsync("ca", "-config", File("crl.cnf"), "-gencrl", "-keyfile", File("ca.key"), "-cert", File("ca.pem"), "-out", File("crl.pem"));

    private static async Task OpensslAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start("openssl", arguments);
        await process.WaitForSuccessAsync();
    }
}
