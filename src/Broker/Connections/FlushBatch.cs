using System.Runtime.CompilerServices;
using Avocet.Broker.Storage;

namespace Avocet.Broker.Connections;

/// <summary>The connections that got output while a batch of packets was handled. Each is flushed once, at the end, when the commits may begin too.</summary>
internal sealed class FlushBatch(CommitBatcher? commits)
{
    /// <summary>Batches that a thread keeps for later: as many as read loops run on each other's stacks.</summary>
    private const int PoolDepth = 8;

    [ThreadStatic]
    private static FlushBatch? _pool;

    private CommitBatcher? _commits = commits;
    /// <summary>Of so many messages the way of one is measured.</summary>
    private const int MessagesPerSample = 512;

    private FlushBatch? _nextInPool;
    private int _messages;
    private long _sampledAt;
    private int _depthInPool;
    private BrokerContext? _sampledFor;

    // Most batches are for one connection.
    private ConnectionWriter? _first;
    private List<ConnectionWriter>? _others;
    private StoreChanges? _changes;

    /// <summary>What the publication at hand changes in the store; empty again once it was appended to the commits.</summary>
    public StoreChanges Changes => _changes ??= new StoreChanges();

    public bool HasChanges => _changes is { IsEmpty: false };

    /// <summary>An empty batch; <see cref="Return"/> gives it back.</summary>
    public static FlushBatch Rent(CommitBatcher? commits)
    {
        if (_pool is not { } batch) return new FlushBatch(commits);

        _pool = batch._nextInPool;
        batch._nextInPool = null;
        batch._commits = commits;
        return batch;
    }

    /// <summary>Gives back a batch that was flushed, on any thread.</summary>
    public void Return()
    {
        _commits = null;
        _depthInPool = (_pool?._depthInPool ?? 0) + 1;
        if (_depthInPool > PoolDepth || HasChanges) return;

        _nextInPool = _pool;
        _pool = this;
    }

    /// <summary>
    /// Counts a message that is routed now; the way of some is measured, from here to the end of the flush that brings it to the sockets. To count costs next to nothing,
    /// for the batch is at hand.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountMessage(BrokerContext context)
    {
        if ((++_messages & (MessagesPerSample - 1)) == 0) BeginSample(context);
    }

    /// <summary>Notes a connection that was written to. Never under a lock: a connection with much output is flushed at once.</summary>
    public void Add(ConnectionWriter writer)
    {
        if (writer.TrySchedule())
        {
            if (_first is null) _first = writer;
            else (_others ??= []).Add(writer);
        }
        else if (writer.HasMuchUnflushed)
        {
            writer.Flush();
        }
    }

    /// <summary>Flushes all, and lets a commit begin. Never under a lock.</summary>
    public void Flush()
    {
        _commits?.Kick();
        // A flush can run other code inline which adds to this batch again; those are flushed too.
        _first?.FlushScheduled();
        if (_others is not null)
        {
            for (var i = 0; i < _others.Count; i++) _others[i].FlushScheduled();

            _others.Clear();
        }

        if (_sampledFor is not null) TellSample(_sampledFor, hasReceivers: _first is not null);

        _first = null;
    }

    private void BeginSample(BrokerContext context)
    {
        if (context.OnDelivered is null || _sampledFor is not null) return;

        _sampledAt = context.TimeProvider.GetTimestamp();
        _sampledFor = context;
    }

    private void TellSample(BrokerContext context, bool hasReceivers)
    {
        var elapsed = context.TimeProvider.GetElapsedTime(_sampledAt);
        (_sampledAt, _sampledFor) = (0, null);
        if (hasReceivers) context.OnDelivered?.Invoke(elapsed.TotalSeconds);
    }
}
