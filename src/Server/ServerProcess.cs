using System.Runtime.InteropServices;
using Avocet.Broker;
using Avocet.Management.Resources;
using Avocet.Server.Configuration;
using Avocet.Server.Logging;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>Runs a server as a process: configuration, log, signals and exit code.</summary>
public sealed class ServerProcess
{
    public const int ExitSuccess = 0;
    public const int ExitFailure = 1;

    private readonly Lock _reloading = new();
    private readonly ConfigurationInput _input;
    private readonly LogLevelSwitch _levelSwitch;
    private readonly AvocetServer _server;
    private readonly ServiceManager _serviceManager;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<string> _stopSignal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILoggerFactory _loggerFactory;
    private ServerConfiguration _configuration;
    private ServerConsole? _console;
    private bool _isServing;

    private ServerProcess(
        ConfigurationInput input, ServerConfiguration configuration, LogLevelSwitch levelSwitch, ILoggerFactory loggerFactory, ServiceManager serviceManager)
    {
        _input = input;
        _configuration = configuration;
        _levelSwitch = levelSwitch;
        _serviceManager = serviceManager;
        _loggerFactory = loggerFactory;
        _logger = loggerFactory.CreateLogger("Avocet.Server");
        _server = AvocetServer.Create(configuration.Options, new BrokerServices { LoggerFactory = loggerFactory });
    }

    /// <summary>Serves until SIGTERM or SIGINT. What keeps it from starting is written to <paramref name="error"/>, a line each.</summary>
    /// <returns>The exit code: 0 after a stop, 1 when it could not start.</returns>
    public static async Task<int> RunAsync(ConfigurationInput input, TextWriter error)
    {
        var configuration = ServerConfiguration.Read(input);
        if (configuration.Errors.Count > 0)
        {
            foreach (var problem in configuration.Errors) await error.WriteLineAsync($"avocet: {problem}");
            return ExitFailure;
        }

        var levelSwitch = new LogLevelSwitch(configuration.Options.LogLevel);
        using var loggerFactory = ConsoleLogging.Create(configuration.Options.LogFormat, levelSwitch);
        await using var serviceManager = new ServiceManager(input.Environment, TimeProvider.System, loggerFactory.CreateLogger("Avocet.Server"));
        try
        {
            return await new ServerProcess(input, configuration, levelSwitch, loggerFactory, serviceManager).RunAsync();
        }
        catch (ServerStartException exception)
        {
            serviceManager.Failed(exception.Message);
            await error.WriteLineAsync($"avocet: {exception.Message}");
            return ExitFailure;
        }
    }

    private async Task<int> RunAsync()
    {
        await using var server = _server;
        using var stopAtOnce = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, "SIGTERM", stopAtOnce));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, "SIGINT", stopAtOnce));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload);

        Log.ConfigurationSource(_logger, _configuration.FilePath ?? "no file");
        foreach (var note in _configuration.Notes) Log.ConfigurationNoted(_logger, note.ToString());

        server.BeforeReady = async cancellationToken =>
            _console = await ServerConsole.StartAsync(server, () => [.. ConfigurationListing.ListAll(_configuration)], ReloadForConsole, _loggerFactory, cancellationToken);
        try
        {
            return await ServeAsync(server, stopAtOnce);
        }
        finally
        {
            if (_console is not null) await _console.DisposeAsync();
        }
    }

    private async Task<int> ServeAsync(AvocetServer server, CancellationTokenSource stopAtOnce)
    {
        await server.StartAsync(CancellationToken.None);
        ForgetStart();
        _serviceManager.StartWatchdog(server.IsAlive);
        lock (_reloading)
        {
            _serviceManager.Ready(Status());
            _isServing = true;
        }

        var signal = await _stopSignal.Task;
        var seconds = server.Options.ShutdownTimeoutSeconds;
        Log.Stopping(_logger, signal, seconds);
        lock (_reloading)
        {
            _isServing = false;
            _serviceManager.Stopping($"Stopping on {signal}; clients have {seconds} s to end.");
        }

        await using var watchdog = new Timer(_ => Environment.Exit(ExitSuccess), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
        if (_console is not null) await _console.PrepareStopAsync();
        await server.StopAsync(stopAtOnce.Token);
        Log.Stopped(_logger);
        return ExitSuccess;
    }

    /// <summary>
    /// What starting left behind, the configuration read and the console set up, is half of the heap: it goes back to the system at once, in some milliseconds, and not
    /// with the first collection, which many clients later would find it.
    /// </summary>
    private static void ForgetStart() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>The first signal stops in good order, a second one at once.</summary>
    private void Stop(PosixSignalContext context, string signal, CancellationTokenSource stopAtOnce)
    {
        context.Cancel = true;
        if (!_stopSignal.TrySetResult(signal)) stopAtOnce.Cancel();
    }

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        Log.Reloading(_logger);
        ReloadForConsole();
    }

    private ReloadDocument ReloadForConsole()
    {
        lock (_reloading)
        {
            // Before the start is over a "ready" would be taken for that of the start, and after the end has begun for nonsense.
            if (_isServing) _serviceManager.Reloading();
            var result = Reload();
            if (_isServing) _serviceManager.Ready(Status());
            return result;
        }
    }

    private string Status() => $"Listening: {string.Join(", ", _server.Listeners.Select(listener => $"{listener.Name} on {listener.EndPoint}"))}.";

    private ReloadDocument Reload()
    {
        var wanted = ServerConfiguration.Read(_input with { Environment = ConfigurationInput.ProcessEnvironment() });
        if (wanted.Errors.Count > 0)
        {
            foreach (var problem in wanted.Errors) Log.ReloadFailed(_logger, problem.ToString());
            return new ReloadDocument([], [], [.. wanted.Errors.Select(problem => problem.ToString())]);
        }

        var changes = ConfigurationChange.Between(_configuration, wanted);
        _levelSwitch.Minimum = wanted.Options.LogLevel;
        _server.ReloadCertificates(wanted.Options);
        _server.ReloadSecurity(wanted.Options);
        _console?.Reload(wanted.Options);
        foreach (var change in changes)
        {
            if (change.IsReloadable) Log.SettingReloaded(_logger, change.Setting);
            else Log.SettingWaitsForRestart(_logger, change.Setting);
        }

        var applied = changes.Count(change => change.IsReloadable);
        Log.Reloaded(_logger, applied, changes.Count - applied);
        _configuration = wanted;
        return new ReloadDocument(
            [.. changes.Where(change => change.IsReloadable).Select(change => change.Setting)], [.. changes.Where(change => !change.IsReloadable).Select(change => change.Setting)], []);
    }
}
