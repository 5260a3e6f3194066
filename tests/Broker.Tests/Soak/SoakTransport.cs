using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Xunit;

namespace Avocet.Broker.Tests.Soak;

/// <summary>A connection in memory, with the thread pool between its two sides as a network has.</summary>
internal sealed class SoakTransport
{
    private readonly Pipe _toBroker = new();
    private readonly Pipe _toClient = new();

    public static ConnectionOrigin Origin { get; } = new() { Listener = new ListenerPolicy { Name = "soak", AllowAnonymous = true } };

    public IDuplexPipe BrokerSide => new Side(_toBroker.Reader, _toClient.Writer);

    public PipeReader Input => _toClient.Reader;

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _toBroker.Writer.WriteAsync(bytes);

    /// <summary>Waits for CONNACK and tells whether the session is present.</summary>
    public async Task<bool> ReceiveConnackAsync(ProtocolVersion version)
    {
        while (true)
        {
            var result = await Input.ReadAsync();
            Assert.False(result.IsCompleted && result.Buffer.IsEmpty, "The broker closed the connection before CONNACK.");
            var reader = new PacketReader(result.Buffer);
            if (reader.TryRead(out var header, out var body) != DecodeStatus.Done)
            {
                Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            Assert.True(ConnackPacket.TryDecode(header, body, version, out var connack, out _), "The first packet is not CONNACK.");
            Assert.Equal(0, connack.Code);
            var isPresent = connack.SessionPresent;
            Input.AdvanceTo(reader.Consumed);
            return isPresent;
        }
    }

    /// <summary>The network is gone, for both sides.</summary>
    public void Abandon()
    {
        _toBroker.Writer.Complete();
        _toClient.Reader.Complete();
    }

    private sealed record Side(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
