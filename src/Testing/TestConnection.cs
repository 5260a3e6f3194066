using System.IO.Pipelines;

namespace Avocet.Testing;

/// <summary>A connection in memory, with what goes wrong between its two ends.</summary>
internal sealed class TestConnection : IAsyncDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Pipe _fromClient = new();
    private readonly Pipe _toBroker = new();
    private readonly Pipe _fromBroker = new();
    private readonly Pipe _toClient = new();
    private readonly Task _carryingToBroker;
    private readonly Task _carryingToClient;

    public TestConnection(ConnectionFaults faults, TimeProvider clock)
    {
        ClientEnd = new End(_toClient.Reader, _fromClient.Writer);
        BrokerEnd = new End(_toBroker.Reader, _fromBroker.Writer);
        var toBroker = new Direction(_fromClient.Reader, _toBroker.Writer, faults.ToBroker, clock);
        var toClient = new Direction(_fromBroker.Reader, _toClient.Writer, faults.ToClient, clock);
        _carryingToBroker = CarryAsync(toBroker);
        _carryingToClient = CarryAsync(toClient);
    }

    public IDuplexPipe ClientEnd { get; }

    public IDuplexPipe BrokerEnd { get; }

    /// <summary>Ends it now, for both.</summary>
    public Task CutAsync() => _cut.CancelAsync();

    /// <summary>Done when the client has what was sent to it, or will not get it.</summary>
    public Task DeliveredAsync() => _carryingToClient;

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        await _carryingToClient;
        await _carryingToBroker;
        _cut.Dispose();
    }

    private async Task CarryAsync(Direction direction)
    {
        if (await direction.RunAsync(_cut.Token)) await CutAsync();
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
