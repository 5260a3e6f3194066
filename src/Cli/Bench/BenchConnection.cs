using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Cli.Bench;

/// <summary>
/// A client's connection. All packets of one receive are handled under one lock, and what they cause is sent at once afterwards. Sockets complete on
/// the thread that polls them (see Program.cs), so nothing here waits.
/// </summary>
internal abstract class BenchConnection : IDisposable
{
    /// <summary>A broker that sends more than this in a packet is not waited for.</summary>
    private const int PacketSizeMax = 32 * 1024 * 1024;

    /// <summary>For connections that carry the load: many packets a receive.</summary>
    protected const int LargeBuffer = 128 * 1024;

    /// <summary>For connections that get little.</summary>
    protected const int SmallBuffer = 512;

    private readonly Socket _socket;
    private readonly SocketAsyncEventArgs _receiving = new(true);
    private readonly SocketAsyncEventArgs _sending = new(true);
    private readonly Failure _failure;
    private TaskCompletionSource? _waiter;
    private TaskCompletionSource? _answered;
    private PacketType _awaited;
    private byte[] _input;
    private int _inputStart;
    private int _inputEnd;
    private bool _isSending;
    private bool _isClosing;
    private bool _isClosed;

    protected BenchConnection(ClientSettings settings, string clientId, Failure failure, int inputBytes)
    {
        Settings = settings;
        ClientId = clientId;
        _failure = failure;
        _input = new byte[inputBytes];
        _socket = new Socket(settings.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _receiving.Completed += (_, _) => ContinueReceiving();
        _sending.Completed += (_, _) => ContinueSending();
    }

    public string ClientId { get; }

    /// <summary>What CONNACK said, once it came.</summary>
    public ServerLimits Limits { get; private set; }

    protected ClientSettings Settings { get; }

    protected Lock Gate { get; } = new();

    protected ControlBytes Control { get; } = new();

    /// <summary>Connects, and completes with CONNACK. May complete on the thread that polls the sockets.</summary>
    /// <param name="sessionExpirySeconds">How long the broker keeps the session afterwards; 0 begins a new one and ends it with the connection.</param>
    public Task OpenAsync(uint sessionExpirySeconds)
    {
        var connected = AwaitAsync(PacketType.Connack);
        Connect.Encode(Settings, ClientId, sessionExpirySeconds, Control);
        _isSending = true;
        _sending.RemoteEndPoint = Settings.EndPoint;
        if (!_socket.ConnectAsync(_sending)) ContinueSending();
        return connected;
    }

    /// <summary>Subscribes, and completes with SUBACK.</summary>
    /// <param name="payload">Filters and options as they are on the wire.</param>
    /// <param name="count">How many they are.</param>
    public Task SubscribeAsync(byte[] payload, int count)
    {
        var task = AwaitAsync(PacketType.Suback);
        lock (Gate)
        {
            var packet = new SubscribePacket { PacketId = 1, Payload = payload, Count = count };
            packet.Encode(Control.Reserve(packet.GetEncodedSize(Settings.Version)), Settings.Version);
        }

        Flush();
        return task;
    }

    /// <summary>Completes once the broker has handled everything that was sent before.</summary>
    public Task PingAsync()
    {
        var task = AwaitAsync(PacketType.Pingresp);
        lock (Gate) Control.Add(EmptyPacket.Pingreq);

        Flush();
        return task;
    }

    /// <summary>Says goodbye, and completes when the broker has closed the connection.</summary>
    public Task CloseAsync()
    {
        var closed = new TaskCompletionSource();
        lock (Gate)
        {
            if (_isClosed || Limits.IsNone) return Task.CompletedTask;

            (_waiter, _awaited) = (closed, PacketType.Reserved);
            _isClosing = true;
            Control.Add([(byte)PacketType.Disconnect << 4, 0]);
        }

        Flush();
        return closed.Task;
    }

    /// <summary>Sends what waits, unless something is being sent: then it follows.</summary>
    public void Flush()
    {
        lock (Gate)
        {
            if (!_isSending) SendNext();
        }
    }

    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool isDisposing)
    {
        _isClosing = true;
        _socket.Dispose();
        _receiving.Dispose();
        _sending.Dispose();
    }

    /// <summary>A task that completes with the next packet of a type.</summary>
    protected Task AwaitAsync(PacketType type)
    {
        var waiter = new TaskCompletionSource();
        lock (Gate)
        {
            if (_isClosed) return _failure.Happened;

            (_waiter, _awaited) = (waiter, type);
        }

        return waiter.Task;
    }

    /// <summary>Called under the gate; its acknowledgement is already on its way.</summary>
    protected virtual void OnDelivery(in Delivery delivery)
    {
    }

    /// <summary>Called under the gate for PUBACK, PUBREC and PUBCOMP.</summary>
    protected virtual void OnAcknowledged(PacketType type, ushort packetId, ReasonCode reason)
    {
    }

    /// <summary>Called once after the packets of a receive, without the gate.</summary>
    protected virtual void OnReceived()
    {
    }

    /// <summary>More to send, when there are no control packets; called under the gate.</summary>
    protected virtual ReadOnlyMemory<byte> NextMessages() => default;

    /// <summary>Ends the run, and whoever waits for this connection.</summary>
    protected void Fail(string problem)
    {
        _isClosed = true;
        var exception = _failure.Report($"{ClientId} at {Settings.EndPoint}: {problem}");

        // Not here: what waits would go on under the gate.
        if (Interlocked.Exchange(ref _waiter, null) is { } waiter) ThreadPool.QueueUserWorkItem(_ => waiter.TrySetException(exception));
    }

    private void ContinueSending()
    {
        lock (Gate)
        {
            _isSending = false;
            if (_isClosed) return;

            if (_sending.SocketError != SocketError.Success)
            {
                OnSocketError(_sending.SocketError);
                return;
            }

            var isConnected = _sending.LastOperation == SocketAsyncOperation.Connect;
            if (isConnected) _sending.RemoteEndPoint = null;

            SendNext();
            if (!isConnected) return;
        }

        if (!StartReceive()) ContinueReceiving();
    }

    /// <summary>Sends one thing after the other as long as the socket takes them at once.</summary>
    private void SendNext()
    {
        try
        {
            while (!_isClosed)
            {
                var next = Control.Take();
                if (next.IsEmpty) next = NextMessages();
                if (next.IsEmpty) return;

                _sending.SetBuffer(MemoryMarshal.AsMemory(next));
                _isSending = true;
                if (_socket.SendAsync(_sending)) return;

                _isSending = false;
                if (_sending.SocketError == SocketError.Success) continue;

                OnSocketError(_sending.SocketError);
                return;
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed by the end of the run while a message was on its way.
            _isClosed = true;
        }
    }

    private bool StartReceive()
    {
        try
        {
            _receiving.SetBuffer(_input.AsMemory(_inputEnd));
            return _socket.ReceiveAsync(_receiving);
        }
        catch (ObjectDisposedException)
        {
            // Disposed by the end of the run.
            return true;
        }
    }

    private void ContinueReceiving()
    {
        while (true)
        {
            if (_receiving.SocketError != SocketError.Success || _receiving.BytesTransferred == 0)
            {
                OnEnd(_receiving.SocketError);
                return;
            }

            TaskCompletionSource? answered;
            lock (Gate)
            {
                _inputEnd += _receiving.BytesTransferred;
                if (!HandlePackets()) return;

                if (!_isSending) SendNext();
                (answered, _answered) = (_answered, null);
            }

            OnReceived();

            // Last, and without the gate: what waits for the answer goes on right here.
            answered?.TrySetResult();
            if (StartReceive()) return;
        }
    }

    private bool HandlePackets()
    {
        var needed = 0;
        while (true)
        {
            var rest = _input.AsSpan(_inputStart, _inputEnd - _inputStart);
            var status = FixedHeader.TryRead(rest, out var header);
            if (status == DecodeStatus.NeedMoreData) break;

            if (status == DecodeStatus.Malformed || header.PacketSize > PacketSizeMax)
            {
                Fail($"the broker sent a packet that is malformed or larger than {PacketSizeMax} bytes.");
                return false;
            }

            if (header.PacketSize > rest.Length)
            {
                needed = header.PacketSize;
                break;
            }

            if (!Handle(header, rest.Slice(header.Size, header.RemainingLength))) return false;

            _inputStart += header.PacketSize;
        }

        MakeRoom(needed);
        return true;
    }

    private void MakeRoom(int needed)
    {
        var left = _inputEnd - _inputStart;
        if (left == 0)
        {
            (_inputStart, _inputEnd) = (0, 0);
            return;
        }

        needed = Math.Max(needed, Protocol.Limits.FixedHeaderSizeMax);
        if (_inputStart + needed <= _input.Length && _inputEnd < _input.Length) return;

        var target = needed <= _input.Length ? _input : new byte[2 * needed];
        _input.AsSpan(_inputStart, left).CopyTo(target);
        _input = target;
        (_inputStart, _inputEnd) = (0, left);
    }

    private bool Handle(in FixedHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case PacketType.Publish:
                if (!Delivery.TryRead(header, body, Settings.Version, out var delivery)) return FailMalformed(header);

                if (delivery.Qos == Qos.AtLeastOnce) Control.AddAcknowledgement(PacketType.Puback, delivery.PacketId);
                if (delivery.Qos == Qos.ExactlyOnce) Control.AddAcknowledgement(PacketType.Pubrec, delivery.PacketId);
                OnDelivery(delivery);
                break;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                if (!AcknowledgementPacket.TryDecode(header, body, Settings.Version, out var acknowledgement, out _)) return FailMalformed(header);

                if (header.Type == PacketType.Pubrel) Control.AddAcknowledgement(PacketType.Pubcomp, acknowledgement.PacketId);
                else OnAcknowledged(header.Type, acknowledgement.PacketId, acknowledgement.Reason);

                break;

            case PacketType.Connack:
                if (!ConnackPacket.TryDecode(header, body, Settings.Version, out var connack, out _)) return FailMalformed(header);
                if (connack.Code != 0) return FailRefused(connack.Code);

                Limits = ServerLimits.Read(connack);
                break;

            case PacketType.Suback:
                if (!SubscriptionAcknowledgementPacket.TryDecode(header, body, Settings.Version, out var suback, out _)) return FailMalformed(header);
                if (!IsGranted(suback.ReasonCodes)) return false;

                break;

            case PacketType.Disconnect when Settings.Version == ProtocolVersion.V50:
                var reason = DisconnectPacket.TryDecode(header, body, Settings.Version, out var disconnect, out _) ? disconnect.Reason : ReasonCode.UnspecifiedError;
                Fail($"the broker disconnected it: {reason.Describe()}.");
                return false;

            default:
                break;
        }

        if (_waiter is not null && _awaited == header.Type) (_answered, _waiter) = (_waiter, null);
        return true;
    }

    private bool IsGranted(ReadOnlySpan<byte> codes)
    {
        foreach (var code in codes)
        {
            if (!((ReasonCode)code).IsError()) continue;

            Fail($"the broker refused the subscription: {((ReasonCode)code).Describe()}.");
            return false;
        }

        return true;
    }

    private bool FailMalformed(in FixedHeader header)
    {
        Fail($"the broker sent a malformed {header.Type.ToString().ToUpperInvariant()}.");
        return false;
    }

    private bool FailRefused(byte code)
    {
        var reason = Settings.Version == ProtocolVersion.V50 ? ((ReasonCode)code).Describe() : Connect.DescribeReturnCode(code);
        Fail($"the broker refused the connection: {reason}.{Connect.AdviceFor(Settings.Version, code)}");
        return false;
    }

    private void OnSocketError(SocketError error)
    {
        _isClosed = true;
        if (_isClosing) return;

        var what = _sending.LastOperation == SocketAsyncOperation.Connect ? "cannot connect" : "the connection broke";
        Fail($"{what}: {new SocketException((int)error).Message.TrimEnd('.')}. {Connect.AdviceFor(error)}");
    }

    private void OnEnd(SocketError error)
    {
        TaskCompletionSource? waiter;
        lock (Gate)
        {
            if (!_isClosing && !_isClosed)
            {
                var how = error == SocketError.Success ? "" : $" ({new SocketException((int)error).Message.TrimEnd('.')})";
                Fail($"the broker closed the connection{how}. Its log may say why.");
            }

            _isClosed = true;
            waiter = _isClosing && _awaited == PacketType.Reserved ? _waiter : null;
        }

        waiter?.TrySetResult();
    }
}
