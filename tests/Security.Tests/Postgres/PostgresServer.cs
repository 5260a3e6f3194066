using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Server.Tests.Support;
using Npgsql;
using Xunit;

namespace Avocet.Security.Tests.Postgres;

/// <summary>A PostgreSQL of the test's own, from Debian's package, with its data in a folder that goes with it.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    internal const string Password = "db-secret-4711";

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort();
    private ChildProcess? _process;

    /// <summary>The connection string without a password.</summary>
    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Database=postgres;Username=postgres");

    public string PasswordFile => _folder.File("password");

    private static string Programs { get; } =
        Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).Last();

    public async ValueTask InitializeAsync()
    {
        _folder.Write("password", Password + "\n");
        if (Environment.IsPrivilegedProcess)
        {
            await using var chown = ChildProcess.Start("chown", "-R", "postgres", _folder.Path);
            await chown.WaitForSuccessAsync();
        }

        await using (var initialize = Start("initdb", "-D", _folder.File("data"), "-U", "postgres", "--auth=scram-sha-256", $"--pwfile={PasswordFile}", "--no-sync", "--no-locale", "-E", "UTF8"))
        {
            await initialize.WaitForSuccessAsync();
        }

        await StartAsync();
    }

    public Task StartAsync()
    {
        _process = Start("postgres", "-D", _folder.File("data"), "-p", _port.ToString(CultureInfo.InvariantCulture), "-k", _folder.Path, "-F", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=30");
        return _process.WaitForLineAsync("ready to accept connections");
    }

    /// <summary>Stops it at once, with its connections.</summary>
    public async Task StopAsync()
    {
        _process!.Signal(PosixSignal.SIGINT);
        Assert.Equal(0, await _process.WaitForExitAsync());
        await _process.DisposeAsync();
    }

    public async Task<object?> RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{Connection};Password={Password};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>As the user postgres, for it does not run as root.</summary>
    private static ChildProcess Start(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs, program);
        var environment = new Dictionary<string, string> { ["LC_ALL"] = "C" };
        return Environment.IsPrivilegedProcess
            ? ChildProcess.Start("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments], environment)
            : ChildProcess.Start(path, arguments, environment);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
