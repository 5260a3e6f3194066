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
        var job = new Job<bool>(() => _verify(hash, password), cancellationToken);
        // A client that has gone does not wait until its turn comes.
        return TryAdd(job) ? await job.Result.WaitAsync(cancellationToken) : null;
    }

    /// <summary>Hashes a password anew, with argon2id; null when too many wait already.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or its time is over.</exception>
    public async ValueTask<PasswordHash?> HashAsync(ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var job = new Job<PasswordHash>(() => PasswordHash.Create(PasswordAlgorithm.Argon2id, password.Span), cancellationToken);
        return TryAdd(job) ? await job.Result.WaitAsync(cancellationToken) : null;
    }

    public void Dispose()
    {
        _jobs.CompleteAdding();
        while (_jobs.TryTake(out var job)) job.Cancel();

        foreach (var thread in _threads) thread.Join(EndTimeMax);
    }

    private bool TryAdd(Job job)
    {
        try
        {
            return _jobs.TryAdd(job, 0, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // The broker stops.
            return false;
        }
    }

    private void Run()
    {
        foreach (var job in _jobs.GetConsumingEnumerable()) job.Run();
    }

    private abstract class Job
    {
        public abstract void Run();

        public abstract void Cancel();
    }

    private sealed class Job<T>(Func<T> work, CancellationToken cancellationToken) : Job
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Result => _completion.Task;

        public override void Run()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _completion.TrySetCanceled(cancellationToken);
                return;
            }

            try
            {
                _completion.TrySetResult(work());
            }
#pragma warning disable CA1031 // Whatever it is, such as too little memory: it belongs to the client that waits, and the thread goes on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _completion.TrySetException(exception);
            }
        }

        public override void Cancel() => _completion.TrySetCanceled();
    }
}
