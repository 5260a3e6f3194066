using System.Buffers;
using System.IO.Pipelines;

namespace Avocet.Client.Tests.Support;

/// <summary>A wire between a client and a server, each of which has pipes of its own; it can be cut.</summary>
internal sealed class MemoryTransport : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Task _pumping;

    public MemoryTransport()
    {
        Pipe fromClient = new(Options()), toServer = new(Options()), fromServer = new(Options()), toClient = new(Options());
        Client = new Side(toClient.Reader, fromClient.Writer);
        Server = new Side(toServer.Reader, fromServer.Writer);
        _pumping = Task.WhenAll(PumpAsync(fromClient.Reader, toServer.Writer), PumpAsync(fromServer.Reader, toClient.Writer));
    }

    public IDuplexPipe Client { get; }

    public IDuplexPipe Server { get; }

    /// <summary>Breaks the connection as a reset does: what is on its way is lost.</summary>
    public async Task CutAsync()
    {
        await _cut.CancelAsync();
        await _pumping;
    }

    public void Dispose() => _cut.Dispose();

    private static PipeOptions Options() => new(pauseWriterThreshold: 64 * 1024, resumeWriterThreshold: 32 * 1024, useSynchronizationContext: false);

    private async Task PumpAsync(PipeReader from, PipeWriter to)
    {
        IOException? error = null;
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(_cut.Token);
                var written = await to.WriteAsync(read.Buffer.ToArray(), _cut.Token);
                from.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || written.IsCompleted) break;
            }
        }
        catch (OperationCanceledException)
        {
            error = new IOException("The connection was cut.");
        }
        catch (IOException exception)
        {
            error = exception;
        }

        await from.CompleteAsync(error);
        await to.CompleteAsync(error);
    }

    private sealed record Side(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
