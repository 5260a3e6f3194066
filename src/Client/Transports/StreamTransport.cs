using System.IO.Pipelines;

namespace Avocet.Client.Transports;

/// <summary>A stream as two pipes: what is read comes in pooled blocks, what is written goes through without a copy.</summary>
internal sealed class StreamTransport : IDuplexPipe, IAsyncDisposable
{
    private const int ReadSize = 32 * 1024;

    private readonly Stream _stream;

    public StreamTransport(Stream stream)
    {
        _stream = stream;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadSize, minimumReadSize: ReadSize / 8, leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
