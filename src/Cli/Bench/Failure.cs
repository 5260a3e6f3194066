namespace Avocet.Cli.Bench;

/// <summary>The first thing that went wrong in a run; it ends the run.</summary>
internal sealed class Failure
{
    private readonly TaskCompletionSource _happened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails once something went wrong; never completes otherwise.</summary>
    public Task Happened => _happened.Task;

    public BenchException Report(string message)
    {
        var exception = new BenchException(message);
        _happened.TrySetException(exception);
        return exception;
    }

    /// <exception cref="BenchException">Something went wrong.</exception>
    public void ThrowIfHappened()
    {
        if (_happened.Task.Exception is { InnerException: BenchException exception }) throw new BenchException(exception.Message);
    }

    /// <summary>Waits for a task unless something goes wrong first.</summary>
    /// <exception cref="BenchException">Something went wrong.</exception>
    public async Task WaitAsync(Task task)
    {
        await await Task.WhenAny(task, Happened);
    }
}
