namespace Avocet.Broker.Connections;

/// <summary>Something that happens once, and for which somebody may wait: the task is made only then. A field, never copied.</summary>
internal struct Signal
{
    private static readonly TaskCompletionSource HasHappened = new();

    private TaskCompletionSource? _source;

    /// <summary>Completes when it has happened. Whoever waits goes on elsewhere, if so asked, and else on the stack of <see cref="Set"/>.</summary>
    public Task WhenSetAsync(TaskCreationOptions options)
    {
        var source = new TaskCompletionSource(options);
        source = Interlocked.CompareExchange(ref _source, source, null) ?? source;
        return source == HasHappened ? Task.CompletedTask : source.Task;
    }

    public void Set() => Interlocked.Exchange(ref _source, HasHappened)?.TrySetResult();
}
