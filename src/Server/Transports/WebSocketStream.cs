using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Avocet.Server.Transports;

/// <summary>The binary frames of a WebSocket as a stream of bytes; where frames begin and end means nothing. [MQTT-6.0.0-2]</summary>
internal sealed class WebSocketStream(WebSocket webSocket) : Stream
{
    /// <summary>Whether the client sent a text frame, which ended the stream. [MQTT-6.0.0-1]</summary>
    public bool SawTextFrame { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await webSocket.ReceiveAsync(buffer, cancellationToken);
            }
            catch (WebSocketException exception)
            {
                // To the broker a broken WebSocket is what a broken socket is.
                throw new IOException(exception.Message, exception);
            }

            if (received.MessageType == WebSocketMessageType.Close) return 0;
            if (received.MessageType == WebSocketMessageType.Text)
            {
                SawTextFrame = true;
                return 0;
            }

            // An empty frame is no end; an empty buffer only waits for something to read.
            if (received.Count > 0 || buffer.IsEmpty) return received.Count;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        webSocket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
