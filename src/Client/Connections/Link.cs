using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Client.Connections;

/// <summary>
/// One connection to the broker: what is written gathers in a buffer, and is sent with one flush while the next gathers. Everything named
/// "under the gate" is called with the client's lock held.
/// </summary>
internal sealed class Link
{
    /// <summary>Beyond this, messages wait in the outbox.</summary>
    private const int GatheredBytesMax = 128 * 1024;

    private readonly IDuplexPipe _transport;
    private readonly MqttClientOptions _options;
    private readonly Counters _counters;
    private ByteBuffer _filling = new();
    private ByteBuffer _sending = new();
    private bool _isFlushing;
    private bool _isBroken;
    private bool _isSaidGoodbye;
    private TaskCompletionSource? _flushed;

    public Link(IDuplexPipe transport, MqttClientOptions options, Lock gate, Counters counters, ProtocolVersion version)
    {
        _transport = transport;
        _options = options;
        _counters = counters;
        Gate = gate;
        Version = version;
        InboundAliases = new InboundAliases(version == ProtocolVersion.V50 ? options.TopicAliasMaximum : 0);
        LastReceived = LastSent = options.TimeProvider.GetTimestamp();
    }

    public Lock Gate { get; }

    public ProtocolVersion Version { get; }

    public bool IsV5 => Version == ProtocolVersion.V50;

    /// <summary>What CONNACK said.</summary>
    public ServerCapabilities Server { get; private set; } = new();

    public OutboundAliases OutboundAliases { get; private set; } = new(0);

    public InboundAliases InboundAliases { get; }

    public PipeReader Input => _transport.Input;

    /// <summary>Called under the gate after each send, when there is room for more.</summary>
    public Action? OnRoom { get; set; }

    /// <summary>Why the connection ends, once that is known.</summary>
    public Exception? Error { get; private set; }

    public bool IsEnding { get; private set; }

    public bool HasRoom => _filling.Count < GatheredBytesMax;

    public long LastReceived { get; set; }

    private bool CanFlush => !_isFlushing && !_isBroken && _filling.Count > 0;

    public long LastSent { get; private set; }

    public void OnAccepted(ServerCapabilities server)
    {
        Server = server;
        OutboundAliases = new OutboundAliases(_options.UsesTopicAliases ? server.TopicAliasMaximum : 0);
    }

    /// <summary>Room for a packet, under the gate. What is written after the goodbye goes nowhere. [MQTT-3.14.4-1]</summary>
    public Span<byte> Reserve(int size) => _isSaidGoodbye ? new byte[size] : _filling.Take(size);

    /// <summary>Under the gate.</summary>
    public void Write(in AcknowledgementPacket packet) => packet.Encode(Reserve(packet.GetEncodedSize(Version)), Version);

    /// <summary>Under the gate.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>Lets what was written be sent, soon and by another thread, so that more can join it. Under the gate.</summary>
    public void RequestFlush()
    {
        if (!CanFlush) return;

        _isFlushing = true;
        _options.Scheduler.Schedule(static link => ((Link)link!).BeginFlushing(), this);
    }

    /// <summary>Sends what was written, on this thread. Not under the gate.</summary>
    public void FlushNow()
    {
        lock (Gate)
        {
            if (!CanFlush) return;

            _isFlushing = true;
        }

        BeginFlushing();
    }

    /// <summary>Ends the connection: the read loop stops, and closes.</summary>
    public void Abort(Exception? error)
    {
        lock (Gate)
        {
            if (IsEnding) return;

            IsEnding = true;
            Error = error;
        }

        _transport.Input.CancelPendingRead();
    }

    /// <summary>Says goodbye where there still is somebody, and closes. [MQTT-3.14.4-2]</summary>
    /// <param name="reason">The reason for DISCONNECT; null to go without.</param>
    /// <param name="limit">How long sending may take.</param>
    public async Task CloseAsync(ReasonCode? reason, TimeSpan limit)
    {
        if (reason is { } code)
        {
            lock (Gate)
            {
                // Before 5.0 a client says nothing of a fault; it only closes.
                if (!code.IsError() || IsV5)
                {
                    var packet = new DisconnectPacket { Reason = IsV5 ? code : ReasonCode.Success };
                    packet.Encode(Reserve(packet.GetEncodedSize(Version)), Version);
                }

                _isSaidGoodbye = true;
            }

            FlushNow();
        }

        try
        {
            await WhenFlushedAsync(reason is null).WaitAsync(limit, _options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _transport.Output.CancelPendingFlush();
        }

        await CloseTransportAsync().ConfigureAwait(false);
    }

    private Task WhenFlushedAsync(bool isAbandoned)
    {
        lock (Gate)
        {
            _isSaidGoodbye = true;
            if (!_isFlushing) return Task.CompletedTask;

            // A flush may end on this thread as it is cancelled.
            var flushed = _flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (isAbandoned) _transport.Output.CancelPendingFlush();
            return flushed.Task;
        }
    }

    private async Task CloseTransportAsync()
    {
        try
        {
            await _transport.Output.CompleteAsync().ConfigureAwait(false);
            await _transport.Input.CompleteAsync().ConfigureAwait(false);
            if (_transport is IAsyncDisposable disposable) await disposable.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // It is closed either way, and the reason for that was told before.
            Error ??= exception;
        }
    }

    private void BeginFlushing() => _ = FlushAsync();

    // The owner of _isFlushing; ends when nothing more was written meanwhile. It never fails.
    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                lock (Gate)
                {
                    if (_filling.Count == 0)
                    {
                        EndFlushing();
                        return;
                    }

                    (_filling, _sending) = (_sending, _filling);
                    OnRoom?.Invoke();
                }

                LastSent = _options.TimeProvider.GetTimestamp();
                var result = await _transport.Output.WriteAsync(_sending.Written).ConfigureAwait(false);
                _counters.BytesSent += _sending.Count;
                _sending.Clear();
                if (!result.IsCanceled && !result.IsCompleted) continue;

                Break(new MqttConnectException("The connection was closed while sending."));
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            Break(new MqttConnectException($"The connection broke while sending: {exception.Message}", exception));
        }
    }

    private void Break(MqttConnectException error)
    {
        lock (Gate)
        {
            _isBroken = true;
            EndFlushing();
        }

        Abort(error);
    }

    private void EndFlushing()
    {
        _isFlushing = false;
        _flushed?.TrySetResult();
    }
}
