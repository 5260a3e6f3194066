using System.Globalization;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;

namespace Avocet.Cli.Store;

/// <summary>Counts what is in a store, a record at a time.</summary>
internal sealed class StoreStatistics
{
    private const int LargestMax = 20;

    private readonly PriorityQueue<SessionQueue, long> _largest = new();

    public long Connected { get; private set; }

    public long Offline { get; private set; }

    public long Expired { get; private set; }

    public long Subscriptions { get; private set; }

    public long Queued { get; private set; }

    public long QueuedInline { get; private set; }

    public long QueuedBytes { get; private set; }

    public long SharedMessages { get; private set; }

    public long SharedBytes { get; private set; }

    public long Retained { get; private set; }

    public long RetainedBytes { get; private set; }

    /// <summary>Records of users, groups and roles.</summary>
    public long Users { get; private set; }

    /// <summary>The sessions with most queued bytes, the largest first.</summary>
    public IReadOnlyList<SessionQueue> Largest => [.. _largest.UnorderedItems.Select(item => item.Element).OrderByDescending(queue => queue.Bytes)];

    /// <exception cref="StoreException">The store cannot be read, or a record is damaged.</exception>
    public static StoreStatistics Of(IStore store, DateTimeOffset now)
    {
        var statistics = new StoreStatistics();
        using (var sessions = StoreReading.ScanAll(store, StoreTable.Sessions))
        {
            while (sessions.MoveNext()) statistics.AddSession(store, sessions, now.ToUnixTimeMilliseconds());
        }

        using (var subscriptions = StoreReading.ScanAll(store, StoreTable.Subscriptions))
        {
            while (subscriptions.MoveNext()) statistics.Subscriptions++;
        }

        using (var users = StoreReading.ScanAll(store, StoreTable.Users))
        {
            while (users.MoveNext()) statistics.Users++;
        }

        (statistics.SharedMessages, statistics.SharedBytes) = CountMessages(store, StoreTable.Messages);
        (statistics.Retained, statistics.RetainedBytes) = CountMessages(store, StoreTable.Retained);
        return statistics;
    }

    public void Write(IStore store, TextWriter output)
    {
        Tell($"Store         {store.Location}, format {StoreFormat.Version}, {store.GetFigures().Size:N0} bytes");
        Tell($"Sessions      {Connected + Offline + Expired:N0}: {Connected:N0} connected when the broker stopped, {Offline:N0} offline, {Expired:N0} expired");
        Tell($"Subscriptions {Subscriptions:N0}");
        Tell($"Queued        {Queued:N0} messages, {QueuedBytes:N0} bytes as the sessions count them; {QueuedInline:N0} for one session only");
        Tell($"Shared        {SharedMessages:N0} messages, {SharedBytes:N0} bytes, each stored once for several sessions");
        Tell($"Retained      {Retained:N0} messages, {RetainedBytes:N0} bytes");
        if (Users > 0) Tell($"Users         {Users:N0} records of users, groups and roles");
        if (_largest.Count == 0) return;

        output.WriteLine();
        output.WriteLine($"{"messages",14} {"bytes",18}  session");
        foreach (var queue in Largest) Tell($"{queue.Messages,14:N0} {queue.Bytes,18:N0}  {queue.ClientId}");

        void Tell(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private void AddSession(IStore store, StoreCursor cursor, long now)
    {
        var session = StoreReading.ReadSession(cursor);
        if (session.IsConnected) Connected++;
        else if (session.ExpiresAt < now) Expired++;
        else Offline++;

        var queue = CountQueue(store, StoreKeys.NumberOf(cursor.Key), session.ClientId);
        Queued += queue.Messages;
        QueuedBytes += queue.Bytes;
        if (queue.Messages == 0) return;

        _largest.Enqueue(queue, queue.Bytes);
        if (_largest.Count > LargestMax) _largest.Dequeue();
    }

    private SessionQueue CountQueue(IStore store, long session, string clientId)
    {
        var progress = StoreReading.ReadProgress(store, session);
        var live = new LiveDeliveries(progress);
        var result = new SessionQueue(clientId, 0, 0);
        long? bytesBefore = null;
        using var cursor = StoreReading.ScanSession(store, StoreTable.Queue, session, progress.Head);
        while (cursor.MoveNext())
        {
            var queued = StoreReading.ReadQueued(cursor);
            var bytes = queued.BytesSoFar >= bytesBefore ? queued.BytesSoFar - bytesBefore.Value : SizeOf(store, queued);
            bytesBefore = queued.BytesSoFar;
            if (!live.Contains(StoreKeys.SequenceOf(cursor.Key))) continue;

            if (queued.Message is not null) QueuedInline++;
            result = result with { Messages = result.Messages + 1, Bytes = result.Bytes + bytes };
        }

        return result;
    }

    private static long SizeOf(IStore store, QueueRecord queued)
    {
        if (queued.Message is { } message) return StoreReading.SizeOf(message);

        var key = StoreKeys.OfNumber(queued.MessageNumber);
        return store.Get(StoreTable.Messages, key) is { } value ? StoreReading.SizeOf(StoreReading.ReadMessage(StoreTable.Messages, key, value)) : 0;
    }

    private static (long Count, long Bytes) CountMessages(IStore store, StoreTable table)
    {
        long count = 0, bytes = 0;
        using var cursor = StoreReading.ScanAll(store, table);
        while (cursor.MoveNext())
        {
            count++;
            bytes += cursor.Value.Length;
        }

        return (count, bytes);
    }
}

/// <summary>What a session has before it.</summary>
internal sealed record SessionQueue(string ClientId, long Messages, long Bytes);
