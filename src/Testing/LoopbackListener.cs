using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Avocet.Testing;

/// <summary>Lets clients come over sockets of this machine.</summary>
internal sealed class LoopbackListener : IAsyncDisposable
{
    private readonly TestMqttBroker _broker;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _serving = [];
    private readonly Task _accepting;

    public LoopbackListener(TestMqttBroker broker)
    {
        _broker = broker;
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        await Task.WhenAll(_serving);
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                _serving.RemoveAll(task => task.IsCompleted);
                _serving.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var socket = client;
        client.NoDelay = true;
        try
        {
            var connection = await _broker.OpenAsync(_end.Token);
            var stream = client.GetStream();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            var receiving = CopyAsync(PipeReader.Create(stream), connection.Output, end.Token);
            try
            {
                // The client's end ends the broker's, and that this; so does a cut.
                await CopyAsync(connection.Input, PipeWriter.Create(stream), end.Token);
            }
            finally
            {
                await end.CancelAsync();
                await receiving;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Refused, cut, or gone: closing the socket tells the client.
        }
    }

    /// <summary>Carries one direction, until either end is over.</summary>
    private static async Task CopyAsync(PipeReader from, PipeWriter to, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, cancellationToken);
        }
        finally
        {
            await to.CompleteAsync();
            await from.CompleteAsync();
        }
    }
}
