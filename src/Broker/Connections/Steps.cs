namespace Avocet.Broker.Connections;

/// <summary>What a connection waits for before it handles the next packet. The read loop makes it and lets it go.</summary>
internal sealed class Steps
{
    private CancellationTokenSource? _ending;

    /// <summary>The step to take next.</summary>
    public Func<Task>? Pending { get; set; }

    /// <summary>Cancelled when the connection is to end.</summary>
    public CancellationToken GetToken()
    {
        // With its barrier either the caller sees that the connection is to end, or who ends it sees this.
        if (_ending is null) Interlocked.Exchange(ref _ending, new CancellationTokenSource());

        return _ending.Token;
    }

    /// <summary>From any thread.</summary>
    public void Cancel() => Volatile.Read(ref _ending)?.Cancel();
}
