using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Avocet.Server.Transports;

/// <summary>A stream over a duplex pipe, for <c>SslStream</c>.</summary>
internal sealed class PipeStream(IDuplexPipe pipe) : Stream
{
    /// <summary>
    /// Whether reads go on in the thread pool. A connection's thread serves many connections, so it must not be the one to sign a handshake;
    /// once that is done, going on at once is cheaper.
    /// </summary>
    public bool ContinuesInPool { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = pipe.Input.ReadAsync(cancellationToken);
        if (!ContinuesInPool && read.IsCompletedSuccessfully) return new ValueTask<int>(Take(read.Result, buffer.Span));

        return FinishReadAsync(read, buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        FinishWriteAsync(pipe.Output.WriteAsync(buffer, cancellationToken));

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishReadAsync(ValueTask<ReadResult> read, Memory<byte> buffer)
    {
        var result = await read;
        if (ContinuesInPool) await Task.Yield();
        return Take(result, buffer.Span);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask FinishWriteAsync(ValueTask<FlushResult> write) => await write;

    /// <summary>Takes what fits; 0 at the end of the connection, or for an empty buffer once there is something to read.</summary>
    private int Take(in ReadResult result, Span<byte> buffer)
    {
        var available = result.Buffer;
        var taken = available.Slice(0, Math.Min(available.Length, buffer.Length));
        taken.CopyTo(buffer);
        pipe.Input.AdvanceTo(taken.End);
        return (int)taken.Length;
    }
}
