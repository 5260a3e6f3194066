using System.IO.Pipelines;
using Avocet.Broker;

namespace Avocet.Management.Simulation;

/// <summary>A connection of a simulated device to the broker, in memory. Pipes hold 64 KiB in each direction; whoever writes more waits.</summary>
internal sealed class MemoryConnection : IDuplexPipe
{
    private readonly Pipe _toBroker = new();
    private readonly Pipe _toClient = new();

    private MemoryConnection()
    {
    }

    /// <summary>What the broker has sent.</summary>
    public PipeReader Input => _toClient.Reader;

    public PipeWriter Output => _toBroker.Writer;

    /// <summary>The client's end, and a task that is done when the broker has handled all that came through it.</summary>
    public static (IDuplexPipe ClientEnd, Task Served) Open(MqttBroker broker, ListenerPolicy listener)
    {
        var connection = new MemoryConnection();
        return (connection, connection.ServeAsync(broker, listener));
    }

    private async Task ServeAsync(MqttBroker broker, ListenerPolicy listener)
    {
        var end = new BrokerEnd(_toBroker.Reader, _toClient.Writer);
        await broker.RunConnectionAsync(end, new ConnectionOrigin { Listener = listener, Transport = "memory" });
        await end.Output.CompleteAsync();
        await end.Input.CompleteAsync();
    }

    private sealed record BrokerEnd(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
