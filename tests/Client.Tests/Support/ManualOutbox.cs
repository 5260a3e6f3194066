using Avocet.Client.Publishing;

namespace Avocet.Client.Tests.Support;

/// <summary>An outbox whose disk is done with a change when the test says so.</summary>
internal sealed class ManualOutbox() : Outbox(1000, 1_000_000)
{
    private readonly Lock _gate = new();
    private readonly List<Change> _changes = [];

    /// <summary>Whether changes wait for <see cref="Change.Complete"/>.</summary>
    public bool IsSlow { get; set; }

    internal override bool IsKept => true;

    /// <summary>The changes so far, in their order.</summary>
    public IReadOnlyList<Change> Changes
    {
        get
        {
            lock (_gate) return [.. _changes];
        }
    }

    /// <summary>Waits until so many changes were asked for.</summary>
    public async Task<IReadOnlyList<Change>> WhenChangedAsync(int count)
    {
        using var deadline = new CancellationTokenSource(Wait.Deadline);
        while (Changes.Count < count)
        {
            await Task.Yield();
            deadline.Token.ThrowIfCancellationRequested();
        }

        return Changes;
    }

    internal override ValueTask<OutboxJournal?> OpenAsync(CancellationToken cancellationToken) => new(new Journal(this));

    private Task AddAsync(string text)
    {
        var change = new Change(text);
        if (!IsSlow) change.Complete();
        lock (_gate) _changes.Add(change);
        return change.Task;
    }

    internal sealed class Change(string text)
    {
        // What waits goes on before Complete returns.
        private readonly TaskCompletionSource _done = new();

        public Task Task => _done.Task;

        public void Complete() => _done.TrySetResult();

        public override string ToString() => text;
    }

    private sealed class Journal(ManualOutbox outbox) : OutboxJournal
    {
        public override IReadOnlyList<StoredPublish> Stored => [];

        public override Task AddAsync(StoredPublish message) => outbox.AddAsync($"add {message.Key}");

        public override Task UpdateAsync(long key, ushort packetId, bool isReceived) => outbox.AddAsync($"update {key} {packetId}{(isReceived ? " received" : "")}");

        public override Task RemoveAsync(long key) => outbox.AddAsync($"remove {key}");

        public override ValueTask DisposeAsync() => default;
    }
}
