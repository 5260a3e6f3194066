using System.Collections.Concurrent;

namespace Avocet.Security.Passwords;

/// <summary>
/// A few threads that check passwords, with a bounded queue in front, so that a storm of log-ins neither takes the threads of the connections nor all
/// processors and all memory: an argon2 hash takes 46 MiB and about a quarter of a second.
/// </summary>
internal sealed class HashingThreads : IDisposable
{
    /// <summary>Checks that may wait; with more a client is told to come again later.</summary>
    public const int QueueMax = 1000;

    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Job> _jobs;
    private readonly Func<PasswordHash, ReadOnlyMemory<byte>, bool> _verify;
    private readonly Thread[] _threads;

    /// <param name="count">Threads; 0 for half the processors.</param>
    public HashingThreads(int count = 0)
        : this(count, QueueMax, static (hash, password) => hash.Verify(password.Span))
    {
    }

    /// <summary>For tests: with another bound and another check.</summary>
    internal HashingThreads(int count, int queueMax, Func<PasswordHash, ReadOnlyMemory<byte>, bool> verify)
    {
        _jobs = new BlockingCollection<Job>(queueMax);
        _verify = verify;
        _threads = new Thread[count > 0 ? count : Math.Max(1, Environment.ProcessorCount / 2)];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Run) { Name = "password hashing", IsBackground = true, Priority = ThreadPriority.BelowNormal };
            _threads[i].Start();
        }
    }

    /// <summary>Checks a password: true or false, or null when too many wait already.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or its time is over.</exception>
    public async ValueTask<bool?> VerifyAsync(PasswordHash hash, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var job = new Job(hash, password, cancellationToken);
        try
        {
            if (!_jobs.TryAdd(job, 0, CancellationToken.None)) return null;
        }
        catch (InvalidOperationException)
        {
            // The broker stops.
            return null;
        }

        // A client that has gone does not wait until its turn comes.
        return await job.Completion.Task.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _jobs.CompleteAdding();
        while (_jobs.TryTake(out var job)) job.Completion.TrySetCanceled();

        foreach (var thread in _threads) thread.Join(EndTimeMax);
    }

    private void Run()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            if (job.CancellationToken.IsCancellationRequested)
            {
                job.Completion.TrySetCanceled(job.CancellationToken);
                continue;
            }

            try
            {
                job.Completion.TrySetResult(_verify(job.Hash, job.Password));
            }
#pragma warning disable CA1031 // Whatever it is, such as too little memory: it belongs to the client that waits, and the thread goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                job.Completion.TrySetException(exception);
            }
        }
    }

    private sealed record Job(PasswordHash Hash, ReadOnlyMemory<byte> Password, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<bool> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
