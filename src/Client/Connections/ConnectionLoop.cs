using System.IO.Pipelines;
using Avocet.Client.Diagnostics;
using Avocet.Client.Transports;
using Avocet.Protocol;

namespace Avocet.Client.Connections;

/// <summary>Connects, serves the connection until it ends, waits, and connects again, until it is told to stop.</summary>
internal sealed class ConnectionLoop(ClientCore core) : IDisposable
{
    private static readonly TimeSpan GoodbyeTimeMax = TimeSpan.FromSeconds(2);

    /// <summary>A connection that lasted so long ends a series of failures.</summary>
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource<ServerCapabilities> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly MqttClientOptions _options = core.Options;
    private readonly string _server = Connector.Describe(core.Options.TransportFactory is null ? core.Options.Server : null);
    private ProtocolVersion _version = core.Options.ProtocolVersion;
    private ReasonCode _goodbye = ReasonCode.Success;
    private volatile Link? _link;
    private Task _running = Task.CompletedTask;
    private bool _wasConnected;
    private bool _isVersionSettled;
    private bool _failsFast;

    /// <summary>Completes with the first CONNACK that lets the client in; fails with the end of the loop.</summary>
    public Task<ServerCapabilities> First => _first.Task;

    public ServerCapabilities? Server { get; private set; }

    public Reauthentication? Reauthentication { get; private set; }

    /// <param name="failsFast">Whether a first attempt that fails ends the loop.</param>
    public void Start(bool failsFast)
    {
        _failsFast = failsFast;
        _running = RunAsync();
    }

    /// <summary>Ends the connection with a goodbye, and the loop.</summary>
    public async Task StopAsync(ReasonCode reason)
    {
        _goodbye = reason;
        await _stop.CancelAsync().ConfigureAwait(false);
        _link?.Abort(null);
        await _running.ConfigureAwait(false);
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        // The caller goes on while this thread connects.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Exception? error = null;
        try
        {
            var journal = await _options.Outbox.OpenAsync(_stop.Token).ConfigureAwait(false);
            lock (core.Gate) core.Publisher.Restore(journal);
            error = await ServeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            error = exception;
        }

        await EndAsync(error).ConfigureAwait(false);
    }

    private async Task EndAsync(Exception? error)
    {
        var cause = error as MqttException ?? (error is null ? new MqttException("The client is closed.") : new MqttConnectException(error.Message, error));
        core.End(cause, error is not null);
        await core.Publisher.CloseJournalAsync().ConfigureAwait(false);
        core.Telemetry.Dispose();
        Log.Closed(core.Logger, core.ClientId, cause.Message);
        if (_first.TrySetException(cause)) _ = _first.Task.Exception;
        core.States.Publish(new ConnectionChange(ConnectionState.Closed, error));
    }

    // Null when it was told to stop, else why it does not go on.
    private async Task<Exception?> ServeAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            core.States.Publish(new ConnectionChange(ConnectionState.Connecting, Attempt: attempt));
            var startedAt = _options.TimeProvider.GetTimestamp();
            var connections = core.Counters.Connections;
            var error = await ConnectAndServeAsync().ConfigureAwait(false);
            if (_stop.IsCancellationRequested) return null;

            var wasConnected = core.Counters.Connections != connections;
            if (wasConnected && _options.TimeProvider.GetElapsedTime(startedAt) >= StableAfter) attempt = 0;
            if (!wasConnected && TryFallBack(error)) continue;
            if (!_options.Reconnects || (_failsFast && !_first.Task.IsCompleted)) return error;

            var pause = NextPause(attempt);
            if (!wasConnected) Log.NotConnected(core.Logger, core.ClientId, _server, error.Message, attempt, pause.TotalSeconds);
            var delay = Task.Delay(pause, _options.TimeProvider, _stop.Token);
            core.States.Publish(new ConnectionChange(ConnectionState.Waiting, error, attempt, pause));
            try
            {
                await delay.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    // Full jitter: many clients that lost their broker at once do not come back at once.
    private TimeSpan NextPause(int attempt)
    {
        var doublings = Math.Min(Math.Max(attempt - 1, 0), 30);
        var longest = Math.Min(_options.ReconnectDelay.TotalSeconds * Math.Pow(2, doublings), _options.ReconnectDelayMax.TotalSeconds);
        return TimeSpan.FromSeconds(_options.Random.NextDouble() * longest);
    }

    private bool TryFallBack(Exception error)
    {
        if (_isVersionSettled || !_options.FallsBackTo311 || _options.ProtocolVersion != ProtocolVersion.V50) return false;

        var isRefused = error is MqttConnectException { Reason: ReasonCode.UnsupportedProtocolVersion } || error.InnerException is ClosedBeforeConnackException;
        if (_version == ProtocolVersion.V50 && isRefused)
        {
            Log.FallsBack(core.Logger, _server);
            _version = ProtocolVersion.V311;
            return true;
        }

        // It was not the version, then.
        _version = ProtocolVersion.V50;
        return false;
    }

    private async Task<Exception> ConnectAndServeAsync()
    {
        Link? link = null;
        ReasonCode? goodbye = null;
        Exception error;
        try
        {
            link = await OpenAsync().ConfigureAwait(false);
            error = await ServeAsync(link).ConfigureAwait(false);
            goodbye = error is ServerDisconnectException ? null : (error as MqttException)?.Reason;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            error = exception is MqttException ? exception : new MqttConnectException($"{_server}: {exception.Message}", exception);
        }

        if (link is null) return error;

        core.Detach();
        _link = null;
        Reauthentication?.End(error);
        if (!_stop.IsCancellationRequested) Log.Disconnected(core.Logger, core.ClientId, _server, error.Message);
        await link.CloseAsync(_stop.IsCancellationRequested ? _goodbye : goodbye, GoodbyeTimeMax).ConfigureAwait(false);
        return error;
    }

    private async Task<Link> OpenAsync()
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        IDuplexPipe? transport = null;
        Link? link = null;
        try
        {
            transport = await Connector.OpenAsync(_options, either.Token).ConfigureAwait(false);
            link = new Link(transport, _options, core.Gate, core.Counters, _version);
            var (userName, password) = Credentials();
            var request = new ConnectRequest(core.ClientId, userName, password, IsCleanStart());
            var server = await Handshake.RunAsync(link, _options, request, either.Token).ConfigureAwait(false);
            link.OnAccepted(server);
            return link;
        }
        catch (Exception exception)
        {
            // The reason goes to the broker only where it is the broker's fault.
            var goodbye = exception is MqttConnectException { Reason: ReasonCode.ProtocolError } ? ReasonCode.ProtocolError : (ReasonCode?)null;
            if (link is not null) await link.CloseAsync(goodbye, GoodbyeTimeMax).ConfigureAwait(false);
            if (exception is OperationCanceledException && limit.IsCancellationRequested && !_stop.IsCancellationRequested)
            {
                throw new MqttConnectException($"{_server} did not answer within {_options.ConnectTimeout.TotalSeconds:0.#} s. Check the address, and whether the broker is well.", exception);
            }

            throw;
        }
    }

    private bool IsCleanStart()
    {
        // Before 5.0 a clean session ends with its connection, so there is never one to go on with.
        if (!_options.CleanStart || (_wasConnected && _version == ProtocolVersion.V50)) return false;

        lock (core.Gate) return !core.Publisher.NeedsSession;
    }

    private (string? UserName, string? Password) Credentials()
    {
        var userName = _options.UserName;
        var password = _options.Password;
        if (_options.Server is { UserInfo: { Length: > 0 } info } && userName is null)
        {
            var colon = info.IndexOf(':', StringComparison.Ordinal);
            userName = Uri.UnescapeDataString(colon < 0 ? info : info[..colon]);
            if (colon >= 0) password ??= Uri.UnescapeDataString(info[(colon + 1)..]);
        }

        // 3.1.1 has no password without a user name. [3.1.1 MQTT-3.1.2-22]
        if (password is not null && userName is null && _version != ProtocolVersion.V50) userName = "";
        return (userName, password);
    }

    private void Admit(Link link, ServerCapabilities server)
    {
        Server = server;
        core.ClientId = server.ClientId;
        core.Counters.Connections++;
        Reauthentication = new Reauthentication(_options, link);
        _isVersionSettled = true;
        _link = link;
        // [MQTT-3.2.2-5]
        core.Attach(link);
        _wasConnected = true;
        if (_stop.IsCancellationRequested) link.Abort(null);
        Log.Connected(core.Logger, server.ClientId, _server, server.ProtocolVersion.Describe(), server.SessionPresent ? "resumed" : "new", server.KeepAlive.TotalSeconds);
        core.States.Publish(new ConnectionChange(ConnectionState.Connected, IsSessionResumed: server.SessionPresent));
        _first.TrySetResult(server);
    }

    private async Task<Exception> ServeAsync(Link link)
    {
        var keepAlive = new KeepAlive(core, link);
        await using (keepAlive.ConfigureAwait(false))
        {
            Admit(link, link.Server);
            return await ReadAsync(link, keepAlive).ConfigureAwait(false);
        }
    }

    private async Task<Exception> ReadAsync(Link link, KeepAlive keepAlive)
    {
        var dispatcher = new PacketDispatcher(core, link, Reauthentication!);
        while (true)
        {
            var result = await link.Input.ReadAsync(_stop.Token).ConfigureAwait(false);
            if (link.IsEnding) return link.Error ?? new MqttConnectException("The client is closed.");

            link.LastReceived = _options.TimeProvider.GetTimestamp();
            var end = dispatcher.Handle(result.Buffer, out var consumed);
            link.Input.AdvanceTo(consumed, result.Buffer.End);
            link.FlushNow();
            if (end is not null) return end;
            if (result.IsCompleted) return new MqttConnectException("The broker closed the connection.");
            if (core.Receiver.WhenReadyAsync(link) is { } ready) await WaitAsync(ready, keepAlive).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(Task ready, KeepAlive keepAlive)
    {
        keepAlive.IsPaused = true;
        await ready.WaitAsync(_stop.Token).ConfigureAwait(false);
        _link!.LastReceived = _options.TimeProvider.GetTimestamp();
        keepAlive.IsPaused = false;
    }
}
