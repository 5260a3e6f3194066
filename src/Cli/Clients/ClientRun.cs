using System.CommandLine;
using System.Runtime.InteropServices;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Clients;

/// <summary>One run of a command that is a client: its connection, its signals, and in a line what went wrong.</summary>
internal sealed class ClientRun : IObserver<ConnectionChange>, IDisposable
{
    public const int ExitFailure = 1;

    /// <summary>As mosquitto_sub ends when -W is over.</summary>
    public const int ExitTimeout = 27;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly ClientSettings _settings;

    private ClientRun(ClientSettings settings, TextWriter error)
    {
        _settings = settings;
        Error = error;
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM]) _signals.Add(PosixSignalRegistration.Create(signal, Stop));
    }

    public required MqttClient Client { get; init; }

    public TextWriter Error { get; }

    /// <summary>Cancelled by SIGINT and SIGTERM.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Does the work, which connects once it knows that the command line is right, and says goodbye; gives the exit code.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, ClientArguments arguments, Func<ClientRun, ClientSettings, Task<int>> work)
    {
        var error = parsed.InvocationConfiguration.Error;
        var isQuiet = false;
        try
        {
            var settings = arguments.Read(parsed);
            isQuiet = settings.IsQuiet;
            await using var client = new MqttClient(settings.Options);
            using var run = new ClientRun(settings, error) { Client = client };
            using var watching = settings.IsDebug ? client.Changes.Subscribe(run) : null;
            return await work(run, settings);
        }
        catch (OperationCanceledException)
        {
            // By a signal: the user wanted it.
            return 0;
        }
        catch (Exception exception) when (exception is CommandException or MqttException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            if (!isQuiet) await error.WriteLineAsync($"avocet: {exception.Message.ReplaceLineEndings(" ")}");
            return ExitCodeOf(exception);
        }
    }

    public Task ConnectAsync() => Client.ConnectAsync(Stopping);

    public void Debug(string text)
    {
        if (_settings.IsDebug) Error.WriteLine(text);
    }

    /// <summary>Ends when a signal comes, or after a time; gives whether the time was over.</summary>
    public async Task<bool> WaitAsync(Task done, TimeSpan? time)
    {
        try
        {
            await done.WaitAsync(time ?? Timeout.InfiniteTimeSpan, Stopping);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    public void OnNext(ConnectionChange value) => Error.WriteLine(value.Error is null ? $"{value.State}" : $"{value.State}: {value.Error.Message}");

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _stop.Cancel();
    }

    // As mosquitto_pub: the reason code of CONNACK where the broker refused.
    private static int ExitCodeOf(Exception exception) => exception switch
    {
        CommandException command => command.ExitCode,
        MqttConnectException { Reason: { } reason } when reason.IsError() => (int)reason,
        _ => ExitFailure,
    };
}
