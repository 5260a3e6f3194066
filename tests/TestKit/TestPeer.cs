using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.TestKit.Packets;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.TestKit;

/// <summary>
/// A client that sends and reads raw packets. Every packet that comes must decode, keep to the client's Maximum Packet Size, and have its place:
/// one CONNACK, and nothing behind a DISCONNECT.
/// </summary>
public sealed class TestPeer
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly List<PacketView> _received = [];
    private bool _isClosed;

    internal TestPeer(PipeReader input, PipeWriter output, Task connection, ProtocolVersion version)
    {
        Input = input;
        Output = output;
        Connection = connection;
        Version = version;
    }

    /// <summary>The form in which builders are encoded and packets are read.</summary>
    public ProtocolVersion Version { get; set; }

    /// <summary>The CONNACK that let this client in.</summary>
    public PacketView Connack { get; internal set; } = null!;

    /// <summary>All packets read so far.</summary>
    public IReadOnlyList<PacketView> Received => _received;

    /// <summary>The broker's work for this connection.</summary>
    public Task Connection { get; }

    /// <summary>Whether an expectation of this client was not met.</summary>
    internal bool HasFailed { get; private set; }

    /// <summary>The largest packet that this client told the broker to send.</summary>
    internal uint PacketSizeMax { get; set; } = uint.MaxValue;

    private PipeReader Input { get; }

    private PipeWriter Output { get; }

    public Task SendAsync(PacketBuilder packet) => SendAsync(packet.Encode(Version));

    /// <summary>Sends several packets in one write.</summary>
    public Task SendAsync(params PacketBuilder[] packets) => SendAsync([.. packets.SelectMany(packet => packet.Encode(Version))]);

    /// <summary>Sends bytes in the notation of <see cref="Hex.Parse"/>.</summary>
    public Task SendAsync(string hex) => SendAsync(Hex.Parse(hex));

    public async Task SendAsync(byte[] bytes)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await Output.WriteAsync(bytes, deadline.Token);
    }

    /// <summary>The next packet, whichever it is.</summary>
    public async Task<PacketView> ReadPacketAsync()
    {
        var packet = await TryReadPacketAsync("a packet");
        if (packet is null) Fail($"Expected a packet; the connection was closed. {History()}");

        return packet;
    }

    /// <summary>The next packet, which must be of this type.</summary>
    public async Task<PacketView> ReadPacketAsync(PacketType type)
    {
        var packet = await ReadPacketAsync();
        if (packet.Type != type) Fail($"Expected {type}; came:\n{packet}");

        return packet;
    }

    /// <summary>Reads one packet and compares it field by field.</summary>
    public async Task<PacketView> ExpectAsync(PacketBuilder expected)
    {
        var wanted = PacketView.Of(expected.Encode(Version), Version);
        var actual = await TryReadPacketAsync(wanted.ToString());
        if (actual is null) throw Fail($"The connection was closed. Expected:\n{wanted}{History()}");

        if (expected is PublishBuilder publish) expected = publish.ForAnyId(actual.PacketId);
        var differences = PacketComparison.Differences(expected, actual, Version);
        if (differences.Count > 0) Fail($"{string.Join('\n', differences)}\nExpected:\n{wanted}Came:\n{actual}");

        return actual;
    }

    public async Task ExpectAsync(params PacketBuilder[] expected)
    {
        foreach (var packet in expected) await ExpectAsync(packet);
    }

    /// <summary>Flushes with PINGREQ and PINGRESP: nothing else may come before the answer. Does not wait.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync(Given.Pingreq());
        await ExpectAsync(Given.Pingresp());
    }

    /// <summary>Sends PINGREQ and returns the packets that came before its PINGRESP. Does not wait.</summary>
    public async Task<IReadOnlyList<PacketView>> ReadToPingrespAsync()
    {
        await SendAsync(Given.Pingreq());
        var packets = new List<PacketView>();
        while (true)
        {
            var packet = await ReadPacketAsync();
            if (packet.Type == PacketType.Pingresp) return packets;

            packets.Add(packet);
        }
    }

    /// <summary>Reads until so many PUBLISHes have come, and answers each packet of their exchanges as a client does.</summary>
    public async Task<IReadOnlyList<PacketView>> ReceiveAsync(int count)
    {
        var publishes = new List<PacketView>();
        while (publishes.Count < count)
        {
            var packet = await ReadPacketAsync();
            if (packet.Type == PacketType.Publish) publishes.Add(packet);
            if (AnswerTo(packet) is { } answer) await SendAsync(answer);
        }

        return publishes;
    }

    /// <summary>Nothing may lie in the pipe. For a client that cannot send PINGREQ, such as one without CONNECT.</summary>
    public void ExpectNoBytes()
    {
        if (!Input.TryRead(out var result)) return;

        var bytes = result.Buffer.ToArray();
        Input.AdvanceTo(result.Buffer.Start);
        if (bytes.Length > 0 || result.IsCompleted) Fail($"Expected nothing; came {(result.IsCompleted ? "the end, after" : "")}:\n{HexText.Dump(bytes)}");
    }

    /// <summary>The broker closes the connection without another packet.</summary>
    public async Task ExpectCloseAsync()
    {
        var packet = await TryReadPacketAsync("the end of the connection");
        if (packet is not null) Fail($"Expected the end of the connection; came:\n{packet}");

        await EndAsync();
    }

    /// <summary>The broker closes the connection: in 5.0 after a DISCONNECT with one of these reasons, before 5.0 silently.</summary>
    public async Task<PacketView?> ExpectDisconnectAsync(params ReasonCode[] anyOf)
    {
        PacketView? packet = null;
        if (Version == ProtocolVersion.V50)
        {
            packet = await ReadPacketAsync(PacketType.Disconnect);
            if (!anyOf.Contains(packet.Reason)) Fail($"Expected a DISCONNECT with {string.Join(" or ", anyOf.Select(reason => reason.Describe()))}; came:\n{packet}");
        }

        await ExpectCloseAsync();
        return packet;
    }

    /// <summary>
    /// The broker refuses the CONNECT: in 5.0 by a CONNACK with one of these reasons, before 5.0 by the return code that fits or, where none does,
    /// silently. Then it closes.
    /// </summary>
    public async Task ExpectRefusalAsync(params ReasonCode[] anyOf)
    {
        var codes = Version == ProtocolVersion.V50
            ? anyOf.Select(reason => (byte)reason).ToList()
            : [.. anyOf.Select(reason => reason.ToConnectReturnCode()).OfType<byte>()];
        if (codes.Count > 0)
        {
            var packet = await ReadPacketAsync(PacketType.Connack);
            if (!codes.Contains((byte)packet.Reason)) Fail($"Expected a CONNACK with {string.Join(" or ", codes.Select(code => $"0x{code:X2}"))}; came:\n{packet}");
            if (packet.SessionPresent) Fail($"A refusal has Session Present. [MQTT-3.2.2-6]\n{packet}");
        }

        await ExpectCloseAsync();
    }

    /// <summary>All bytes up to the end of the connection, whatever they are.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var result = await Input.ReadAsync(deadline.Token);
            var bytes = result.Buffer.ToArray();
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!result.IsCompleted) continue;

            await EndAsync();
            return bytes;
        }
    }

    /// <summary>Sends DISCONNECT, closes, and waits until the broker has let the connection go.</summary>
    public async Task DisconnectAsync(ReasonCode reason = ReasonCode.Success)
    {
        await SendAsync(Given.Disconnect(reason));
        await CloseAsync();
    }

    /// <summary>Closes without DISCONNECT and waits until the broker has let the connection go.</summary>
    public Task CloseAsync() => CloseAsync(error: null);

    /// <summary>Breaks the connection the way a reset does, and waits until the broker has let it go.</summary>
    public Task ResetAsync() => CloseAsync(new IOException("The connection was reset by the peer."));

    private static AcknowledgementBuilder? AnswerTo(PacketView packet) => packet.Type switch
    {
        PacketType.Publish when packet.Qos == Qos.AtLeastOnce => Given.Puback(packet.PacketId),
        PacketType.Publish when packet.Qos == Qos.ExactlyOnce => Given.Pubrec(packet.PacketId),
        PacketType.Pubrec => Given.Pubrel(packet.PacketId),
        PacketType.Pubrel => Given.Pubcomp(packet.PacketId),
        _ => null,
    };

    private async Task CloseAsync(Exception? error)
    {
        if (_isClosed) return;

        _isClosed = true;
        await Output.CompleteAsync(error);
        await Input.CompleteAsync(error);
        await EndAsync();
    }

    private async Task EndAsync()
    {
        try
        {
            await Connection.WaitAsync(Deadline);
        }
        catch (TimeoutException)
        {
            throw Fail($"The broker did not let the connection go within {Deadline.TotalSeconds} s. {History()}");
        }
    }

    private async Task<PacketView?> TryReadPacketAsync(string expected)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            ReadResult result;
            try
            {
                result = await Input.ReadAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw Fail($"Nothing came within {Deadline.TotalSeconds} s. Expected:\n{expected}{History()}");
            }

            if (TryTakePacket(result.Buffer) is { } packet) return packet;
            if (!result.IsCompleted) continue;

            if (!result.Buffer.IsEmpty) Fail($"The connection was closed within a packet:\n{HexText.Dump(result.Buffer.ToArray())}");
            return null;
        }
    }

    private PacketView? TryTakePacket(ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Limits.FixedHeaderSizeMax];
        var startSize = (int)Math.Min(start.Length, buffer.Length);
        buffer.Slice(0, startSize).CopyTo(start);
        if (FixedHeader.TryRead(start[..startSize], out var header) != DecodeStatus.Done || buffer.Length < header.PacketSize)
        {
            Input.AdvanceTo(buffer.Start, buffer.End);
            return null;
        }

        var bytes = buffer.Slice(0, header.PacketSize).ToArray();
        Input.AdvanceTo(buffer.GetPosition(header.PacketSize));
        var packet = PacketView.Of(bytes, Version);
        Check(packet);
        _received.Add(packet);
        return packet;
    }

    private void Check(PacketView packet)
    {
        if (packet.Type == PacketType.Connack && Version == ProtocolVersion.V50 && !IsReasonOfConnack(packet.Reason)) Fail($"CONNACK has a reason of another packet. [MQTT-3.2.2-8]\n{packet}");
        if (packet.Error is not null) Fail($"The broker sent a packet that is not valid:\n{packet}");
        if (packet.Bytes.Length > PacketSizeMax) Fail($"The broker sent {packet.Bytes.Length} bytes; Maximum Packet Size is {PacketSizeMax}. [MQTT-3.1.2-24]\n{packet}");
        if (_received.LastOrDefault()?.Type == PacketType.Disconnect) Fail($"The broker sent a packet after DISCONNECT. [MQTT-3.14.4-1]\n{packet}");
        if (packet.Type == PacketType.Connack && _received.Exists(other => other.Type == PacketType.Connack)) Fail($"A second CONNACK came. [MQTT-3.2.0-2]\n{packet}");
    }

    // The decoder of CONNACK takes any reason code.
    private static bool IsReasonOfConnack(ReasonCode reason) => reason is ReasonCode.Success
        or (>= ReasonCode.UnspecifiedError and <= ReasonCode.Banned)
        or ReasonCode.BadAuthenticationMethod or ReasonCode.TopicNameInvalid or ReasonCode.PacketTooLarge or ReasonCode.QuotaExceeded
        or (>= ReasonCode.PayloadFormatInvalid and <= ReasonCode.ServerMoved) or ReasonCode.ConnectionRateExceeded;

    [DoesNotReturn]
    private Exception Fail(string message)
    {
        HasFailed = true;
        Assert.Fail(message);
        return null;
    }

    private string History()
    {
        var last = _received.TakeLast(3).Select(packet => packet.ToString());
        return _received.Count == 0 ? "No packet had come." : $"The last packets were:\n{string.Concat(last)}";
    }
}
