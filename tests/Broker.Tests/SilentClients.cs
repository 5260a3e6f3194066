using System.IO.Pipelines;
using System.Net;

namespace Avocet.Broker.Tests;

/// <summary>Connections of chosen addresses that send nothing.</summary>
internal sealed class SilentClients(MqttBroker broker)
{
    private readonly List<Pipe> _pipes = [];
    private readonly List<Task> _served = [];

    /// <summary>Connects so often; returns how many of these the broker did not close at once.</summary>
    public int CountServed(IPAddress address, int count)
    {
        var before = _served.Count;
        for (var port = 1; port <= count; port++)
        {
            var input = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
            _pipes.Add(input);
            var origin = new ConnectionOrigin { Listener = TestKit.TestBroker.OpenListener, RemoteEndPoint = new IPEndPoint(address, port) };
            _served.Add(broker.RunConnectionAsync(new Transport(input.Reader, PipeWriter.Create(Stream.Null)), origin));
        }

        return _served.Skip(before).Count(task => !task.IsCompleted);
    }

    public async Task LeaveAsync()
    {
        foreach (var pipe in _pipes) await pipe.Writer.CompleteAsync();
        await Task.WhenAll(_served).WaitAsync(TimeSpan.FromSeconds(5));
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
