using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class StoreThreadTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Work_runs_in_order_on_one_thread_of_its_own()
    {
        using var log = new CapturedLog();
        using var thread = new StoreThread(log.CreateLogger(""));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ran = new List<(int Number, Thread Thread)>();
        for (var i = 0; i < 1000; i++)
        {
            thread.Schedule(
                state =>
                {
                    ran.Add(((int)state!, Thread.CurrentThread));
                    if (ran.Count == 1000) done.SetResult();
                },
                i);
        }

        await done.Task.WaitAsync(Deadline);

        Assert.Equal(Enumerable.Range(0, 1000), ran.Select(entry => entry.Number));
        Assert.Single(ran.Select(entry => entry.Thread).Distinct());
        Assert.False(ran[0].Thread.IsThreadPoolThread);
    }

    [Fact]
    public async Task Work_that_fails_is_logged_and_the_next_runs()
    {
        using var log = new CapturedLog();
        using var thread = new StoreThread(log.CreateLogger(""));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Schedule(_ => throw new InvalidOperationException("a mistake"), null);
        thread.Schedule(_ => done.SetResult(), null);

        await done.Task.WaitAsync(Deadline);

        Assert.Equal("a mistake", Assert.Single(log.Errors).Exception?.Message);
    }

    [Fact]
    public void Dispose_does_what_waits_ends_the_thread_and_takes_no_more()
    {
        using var log = new CapturedLog();
        using var mayGoOn = new ManualResetEventSlim();
        var thread = new StoreThread(log.CreateLogger(""));
        var ran = 0;
        Thread? used = null;
        thread.Schedule(
            _ =>
            {
                used = Thread.CurrentThread;
                mayGoOn.Wait(Deadline);
            },
            null);
        for (var i = 0; i < 5; i++) thread.Schedule(_ => ran++, null);

        mayGoOn.Set();
        thread.Dispose();
        thread.Dispose();

        Assert.Equal(5, ran);
        Assert.False(used!.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => thread.Schedule(_ => { }, null));
    }

    [Fact]
    public void Too_much_work_is_refused()
    {
        using var log = new CapturedLog();
        using var mayGoOn = new ManualResetEventSlim();
        using var thread = new StoreThread(log.CreateLogger(""));
        thread.Schedule(_ => mayGoOn.Wait(Deadline), null);

        Assert.Throws<InvalidOperationException>(() =>
        {
            for (var i = 0; i < 2000; i++) thread.Schedule(_ => { }, null);
        });
        mayGoOn.Set();
    }

    [Fact]
    public async Task Work_may_end_its_own_thread()
    {
        using var log = new CapturedLog();
        using var thread = new StoreThread(log.CreateLogger(""));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Schedule(
            _ =>
            {
                thread.Dispose();
                done.SetResult();
            },
            null);

        await done.Task.WaitAsync(Deadline);
    }
}
