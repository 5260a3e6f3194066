using System.Diagnostics;
using System.IO.Pipelines;
using Avocet.Broker.Storage;
using Avocet.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Broker.Tests.Durability;

/// <summary>A broker on a store, which ends and starts again. Commits run at once, unless the test gives them a scheduler of its own.</summary>
internal sealed class DurableBroker : IAsyncDisposable
{
    private readonly MemoryStore _content = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly BrokerOptions _options;
    private readonly PipeScheduler _storeScheduler;
    private readonly PipeScheduler _scheduler;
    private readonly bool _allowsErrors;

    public DurableBroker(BrokerOptions? options = null, PipeScheduler? storeScheduler = null, bool allowsErrors = false, PipeScheduler? scheduler = null)
    {
        _allowsErrors = allowsErrors;
        _options = options ?? new BrokerOptions { SysIntervalSeconds = 0 };
        _storeScheduler = storeScheduler ?? PipeScheduler.Inline;
        _scheduler = scheduler ?? PipeScheduler.ThreadPool;
        (Broker, Store) = Start();
    }

    public TestBroker Broker { get; private set; }

    public TestStore Store { get; private set; }

    public Task<TestPeer> ConnectAsync(TestKit.Packets.ClientBuilder client) => Broker.ConnectAsync(client);

    /// <summary>Connects and disconnects, so that a session with the client's subscriptions is left.</summary>
    public async Task LeaveAsync(TestKit.Packets.ClientBuilder client)
    {
        var peer = await Broker.ConnectAsync(client);
        await peer.DisconnectAsync();
    }

    /// <summary>The broker ends as by SIGTERM and starts again.</summary>
    public async Task RestartAsync()
    {
        await Broker.DisposeAsync();
        (Broker, Store) = Start();
    }

    /// <summary>The broker ends as by SIGKILL: nothing more arrives at the store. It starts again after some time.</summary>
    public async Task CrashAsync(TimeSpan downTime = default, StoreException? failure = null)
    {
        Store.IsCutOff = true;
        Store.Failure = null;
        await Broker.DisposeAsync();
        _clock.Advance(downTime);
        (Broker, Store) = Start(failure);
    }

    /// <summary>What nobody waits for is committed by then.</summary>
    public Task SettleAsync() => Broker.AdvanceAsync(2);

    /// <summary>Moves the clock until something is so that work in the background brings about.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        var deadline = Stopwatch.StartNew();
        while (!condition())
        {
            if (deadline.Elapsed > TimeSpan.FromSeconds(10)) Assert.Fail("It did not come about within 10 s.");

            await SettleAsync();
            await Task.Yield();
        }
    }

    /// <summary>Writes to the store behind the broker's back.</summary>
    public void Put(StoreTable table, byte[] key, byte[] value)
    {
        var batch = new StoreBatch();
        batch.Put(table, key, value);
        _content.Commit(batch, sync: true);
    }

    /// <summary>The records in a table of the store.</summary>
    public int Count(StoreTable table)
    {
        using var cursor = _content.Scan(table, default, default);
        var count = 0;
        while (cursor.MoveNext()) count++;

        return count;
    }

    public ValueTask DisposeAsync() => Broker.DisposeAsync();

    private (TestBroker Broker, TestStore Store) Start(StoreException? failure = null)
    {
        var store = new TestStore(_content) { Failure = failure };
        var services = new BrokerServices { Store = store, StoreScheduler = _storeScheduler, Scheduler = _scheduler };
        return (new TestBroker(_options, services, _clock) { AllowsErrors = _allowsErrors }, store);
    }
}
