using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>
/// Tells the service manager that started this process, such as systemd, how it is: the protocol of sd_notify(3). Without one nothing is told. See
/// docs/decisions/0050-service-manager.md.
/// </summary>
internal sealed class ServiceManager : IAsyncDisposable
{
    /// <summary>A watchdog hears from us three times within its time-out, so that one late beat is no restart.</summary>
    private const int BeatsPerTimeout = 3;

    /// <summary>How long a service manager that does not read may hold us up.</summary>
    private const int SendMilliseconds = 5000;

    private readonly Lock _sending = new();
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly TimeSpan? _watchdogTimeout;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private ITimer? _watchdog;
    private bool _isDisposed;

    /// <param name="environment">The process's: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read.</param>
    /// <param name="timeProvider">Its clock must be the monotonic one of the system, for the service manager compares it with its own.</param>
    /// <param name="logger">Told when the service manager cannot be reached.</param>
    public ServiceManager(IReadOnlyDictionary<string, string> environment, TimeProvider timeProvider, ILogger logger)
    {
        _timeProvider = timeProvider;
        _logger = logger;
        if (!environment.TryGetValue("NOTIFY_SOCKET", out var path) || path.Length == 0) return;

        // Others, such as those of vsock, are for whole machines.
        if (path[0] is not ('/' or '@'))
        {
            Log.NotNotified(_logger, $"NOTIFY_SOCKET is '{path}', which is neither a path nor an abstract name");
            return;
        }

        try
        {
            // An abstract name, which is in no file system, begins with a zero byte.
            _address = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendMilliseconds };
            _watchdogTimeout = WatchdogTimeout(environment);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            Log.NotNotified(_logger, exception.Message);
        }
    }

    /// <summary>Everything works from now on, also after <see cref="Reloading"/>.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>The configuration is being read again, until the next <see cref="Ready"/>.</summary>
    public void Reloading() =>
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}\nSTATUS=Reading the configuration again."));

    /// <summary>The end has begun: the watchdog needs to hear no more.</summary>
    public void Stopping(string status)
    {
        _watchdog?.Dispose();
        Send($"STOPPING=1\nSTATUS={OneLine(status)}");
    }

    /// <summary>Why there will be no <see cref="Ready"/>.</summary>
    public void Failed(string reason) => Send($"STATUS={OneLine(reason)}");

    /// <summary>Tells the watchdog, where there is one, in time that we live. While <paramref name="isAlive"/> says no it is told nothing, and restarts us.</summary>
    public void StartWatchdog(Func<bool> isAlive)
    {
        if (_watchdogTimeout is not { } timeout) return;

        var period = timeout / BeatsPerTimeout;
        _watchdog = _timeProvider.CreateTimer(_ => Beat(isAlive, timeout), null, TimeSpan.Zero, period);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watchdog is not null) await _watchdog.DisposeAsync();
        lock (_sending)
        {
            _isDisposed = true;
            _socket?.Dispose();
        }
    }

    private void Beat(Func<bool> isAlive, TimeSpan timeout)
    {
        if (isAlive()) Send("WATCHDOG=1");
        else Log.Stalled(_logger, timeout.TotalSeconds);
    }

    private void Send(string state)
    {
        if (_socket is null) return;

        lock (_sending)
        {
            if (_isDisposed) return;

            try
            {
                _socket.SendTo(Encoding.UTF8.GetBytes(state), _address!);
            }
            catch (SocketException exception)
            {
                // A broker that works goes on working, whoever cannot hear of it.
                Log.NotNotified(_logger, exception.Message);
            }
        }
    }

    /// <summary>Null where no watchdog waits for this process.</summary>
    private static TimeSpan? WatchdogTimeout(IReadOnlyDictionary<string, string> environment)
    {
        if (!environment.TryGetValue("WATCHDOG_USEC", out var text) || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)) return null;

        if (microseconds <= 0 || microseconds > TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond) return null;

        // The variables are inherited: they may be meant for a parent.
        if (environment.TryGetValue("WATCHDOG_PID", out var pid) && pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)) return null;

        return TimeSpan.FromMicroseconds(microseconds);
    }

    private long MonotonicMicroseconds() => _timeProvider.GetElapsedTime(0, _timeProvider.GetTimestamp()).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A line's end would begin another assignment.</summary>
    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
