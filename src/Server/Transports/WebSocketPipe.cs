using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Avocet.Server.Transports;

/// <summary>The binary frames of a WebSocket as a duplex pipe of bytes; where frames begin and end means nothing. [MQTT-6.0.0-2]</summary>
/// <remarks>
/// Receiving goes through a pipe and a loop, not a stream: a cancelled receive would abort the WebSocket, and with it the DISCONNECT packet that
/// tells the client why the server ends the connection.
/// </remarks>
internal sealed class WebSocketPipe : IDuplexPipe
{
    /// <summary>Bytes received and not yet taken by the broker; then the loop waits, and TCP's window fills.</summary>
    private const int ReceivedBytesMax = 64 * 1024;

    private readonly WebSocket _webSocket;
    private readonly Pipe _received;

    public WebSocketPipe(WebSocket webSocket, MemoryPool<byte> pool)
    {
        _webSocket = webSocket;
        _received = new Pipe(new PipeOptions(
            pool, PipeScheduler.Inline, PipeScheduler.Inline, ReceivedBytesMax, ReceivedBytesMax / 2, useSynchronizationContext: false));
        Output = PipeWriter.Create(new SendStream(webSocket), new StreamPipeWriterOptions(pool, leaveOpen: true));
    }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output { get; }

    /// <summary>Whether the client sent a text frame, which ended its side. [MQTT-6.0.0-1]</summary>
    public bool SawTextFrame { get; private set; }

    /// <summary>Receives until the client closes, a text frame comes, the WebSocket is aborted, or the reader has had enough. Never fails.</summary>
    public async Task ReceiveAsync()
    {
        var writer = _received.Writer;
        try
        {
            while (await WaitForBytesAsync())
            {
                var received = await _webSocket.ReceiveAsync(writer.GetMemory(), CancellationToken.None);
                if (!MayGoOn(received.MessageType)) break;

                writer.Advance(received.Count);
                var flushed = await writer.FlushAsync();
                if (flushed.IsCompleted) break;
            }

            await writer.CompleteAsync();
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            await writer.CompleteAsync(Broken(exception));
        }
    }

    /// <summary>Gives the buffers back. What was not flushed is lost.</summary>
    public void Complete()
    {
        Input.Complete();
        Output.Complete(new OperationCanceledException());
    }

    /// <summary>Waits without a buffer, so that an idle connection holds none. False at the end.</summary>
    private async ValueTask<bool> WaitForBytesAsync()
    {
        while (true)
        {
            var received = await _webSocket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            if (!MayGoOn(received.MessageType)) return false;

            // An empty frame is over already; there is nothing to fetch.
            if (!received.EndOfMessage) return true;
        }
    }

    /// <summary>To the broker a broken WebSocket is what a broken socket is.</summary>
    private static IOException Broken(Exception exception) => exception as IOException ?? new IOException(exception.Message, exception);

    private bool MayGoOn(WebSocketMessageType type)
    {
        SawTextFrame |= type == WebSocketMessageType.Text;
        return type == WebSocketMessageType.Binary;
    }

    /// <summary>Sends each write as a binary message. [MQTT-6.0.0-1]</summary>
    private sealed class SendStream(WebSocket webSocket) : Stream
    {
        public override bool CanRead => false;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await webSocket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            }
            catch (WebSocketException exception)
            {
                throw Broken(exception);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
