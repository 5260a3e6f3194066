namespace Avocet.Security;

/// <summary>Lets a few ask a service at a time; a bounded number of others wait for their turn.</summary>
internal sealed class Turns(int atATimeMax) : IDisposable
{
    /// <summary>How many may wait.</summary>
    public const int WaitingMax = 1000;

    private readonly SemaphoreSlim _free = new(atATimeMax);
    private int _present;

    /// <summary>False when too many wait already. Who got a turn gives it back with <see cref="Leave"/>.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or its time is over.</exception>
    public async ValueTask<bool> TryEnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _present) > WaitingMax + atATimeMax)
        {
            Interlocked.Decrement(ref _present);
            return false;
        }

        try
        {
            await _free.WaitAsync(cancellationToken);
            return true;
        }
        catch
        {
            Interlocked.Decrement(ref _present);
            throw;
        }
    }

    public void Leave()
    {
        Interlocked.Decrement(ref _present);
        _free.Release();
    }

    public void Dispose() => _free.Dispose();
}
