using System.Buffers;
using System.IO.Pipelines;

namespace Avocet.Server.Transports;

/// <summary>A duplex pipe over a stream. An idle connection holds no buffer; reading goes on only when the reader asks for more.</summary>
internal sealed class StreamPipe(Stream stream, MemoryPool<byte> pool) : IDuplexPipe
{
    public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(pool, leaveOpen: true, useZeroByteReads: true));

    public PipeWriter Output { get; } = PipeWriter.Create(stream, new StreamPipeWriterOptions(pool, leaveOpen: true));

    /// <summary>Gives the buffers back. What was not flushed is lost.</summary>
    public void Complete()
    {
        Input.Complete();
        Output.Complete(new ConnectionEndedException());
    }

    /// <summary>Keeps the writer from flushing to a stream that may be gone.</summary>
    private sealed class ConnectionEndedException : Exception;
}
