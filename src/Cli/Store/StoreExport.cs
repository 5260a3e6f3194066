using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol.Packets;
using Avocet.Security.Users;

namespace Avocet.Cli.Store;

/// <summary>Writes a store as JSON lines, a record at a time: a header, shared messages, sessions, what they have queued, and retained messages.</summary>
internal sealed class StoreExport(IStore store, TextWriter output, TextWriter error, TimeProvider timeProvider)
{
    /// <summary>The version of the lines.</summary>
    public const int Version = 1;

    /// <summary>Records that could not be read, and are not in the output.</summary>
    public long Damaged { get; private set; }

    public long Lines { get; private set; }

    public void Run()
    {
        Write(new HeaderLine { Version = Version, Format = StoreFormat.Version, ExportedAt = timeProvider.GetUtcNow().UtcDateTime });
        WriteEach(StoreTable.Messages, static cursor => new MessageLine
        {
            Number = StoreKeys.NumberOf(cursor.Key),
            Message = MessageContent.From(StoreReading.ReadMessage(StoreTable.Messages, cursor)),
        });
        var current = FindCurrent();
        WriteEach(StoreTable.Sessions, cursor => ToLine(StoreKeys.NumberOf(cursor.Key), StoreReading.ReadSession(cursor)), key => current.Contains(StoreKeys.NumberOf(key)));
        using (var sessions = StoreReading.ScanAll(store, StoreTable.Sessions))
        {
            while (sessions.MoveNext())
            {
                if (current.Contains(StoreKeys.NumberOf(sessions.Key))) WriteQueue(sessions);
            }
        }

        WriteEach(StoreTable.Retained, static cursor => new RetainedLine
        {
            Message = MessageContent.From(StoreReading.ReadMessage(StoreTable.Retained, cursor)),
        });
        WriteEach(StoreTable.Users, cursor =>
        {
            UserStore.Read(store.Location, cursor.Key, cursor.Value);
            return new UsersLine { Key = Encoding.UTF8.GetString(cursor.Key), Record = JsonSerializer.Deserialize(cursor.Value, StoreLineContext.Lines.JsonElement) };
        });
    }

    /// <summary>The sessions that have not ended: of a client's the last, if it outlives its connection. A crash may leave others.</summary>
    private HashSet<long> FindCurrent()
    {
        var current = new HashSet<long>();
        var byClientId = new Dictionary<string, long>(StringComparer.Ordinal);
        using var cursor = StoreReading.ScanAll(store, StoreTable.Sessions);
        while (cursor.MoveNext())
        {
            var number = StoreKeys.NumberOf(cursor.Key);
            current.Add(number);
            try
            {
                var session = StoreReading.ReadSession(cursor);
                if (byClientId.Remove(session.ClientId, out var former)) current.Remove(former);
                if (session.ExpirySeconds == 0) current.Remove(number);
                else byClientId.Add(session.ClientId, number);
            }
            catch (StoreException)
            {
                // It stays, to be told of when it is to be written.
            }
        }

        return current;
    }

    private void WriteQueue(StoreCursor sessions)
    {
        SessionRecord session;
        ProgressRecord progress;
        var number = StoreKeys.NumberOf(sessions.Key);
        try
        {
            session = StoreReading.ReadSession(sessions);
            progress = StoreReading.ReadProgress(store, number);
        }
        catch (StoreException)
        {
            // Told of where the session itself is written.
            return;
        }

        var live = new LiveDeliveries(progress);
        using var queue = StoreReading.ScanSession(store, StoreTable.Queue, number, progress.Head);
        while (queue.MoveNext())
        {
            if (live.Contains(StoreKeys.SequenceOf(queue.Key))) WriteOne(StoreTable.Queue, queue, cursor => ToLine(session, cursor));
        }
    }

    private SessionLine ToLine(long number, SessionRecord session)
    {
        var progress = StoreReading.ReadProgress(store, number);
        return new SessionLine
        {
            ClientId = session.ClientId,
            MountPoint = session.MountPoint.Length == 0 ? null : session.MountPoint,
            ExpirySeconds = session.ExpirySeconds,
            Connected = session.IsConnected,
            ExpiresAt = StoreTime.ToUtc(session.ExpiresAt),
            WillDueAt = StoreTime.ToUtc(session.WillDueAt),
            Will = session.Will is not { } will ? null : new WillLine
            {
                DelaySeconds = will.DelaySeconds,
                ExpirySeconds = will.ExpirySeconds,
                Message = MessageContent.From(will.Message),
            },
            Subscriptions = SubscriptionsOf(number),
            Received = ReceivedOf(number),
            SentUpTo = session.SentUpTo,
            Head = progress.Head,
            Done = RunsOf(progress, ProgressState.Done),
            Pubrel = RunsOf(progress, ProgressState.Pubrel),
        };
    }

    private List<SubscriptionLine>? SubscriptionsOf(long session)
    {
        var lines = new List<SubscriptionLine>();
        using var cursor = StoreReading.ScanSession(store, StoreTable.Subscriptions, session);
        while (cursor.MoveNext())
        {
            var filter = StoreKeys.FilterOf(cursor.Key);
            if (!Utf8.IsValid(filter)) throw new StoreException(StoreFault.Corrupt, "A topic filter of the session is not well-formed.");

            var (options, id, owesRetained) = StoreReading.ReadSubscription(cursor);
            lines.Add(new SubscriptionLine
            {
                Filter = Encoding.UTF8.GetString(filter),
                Qos = (int)options.MaximumQos,
                NoLocal = options.NoLocal ? true : null,
                RetainAsPublished = options.RetainAsPublished ? true : null,
                RetainHandling = options.RetainHandling == RetainHandling.SendAtSubscribe ? null : (int)options.RetainHandling,
                OwesRetained = owesRetained ? true : null,
                Id = id == 0 ? null : id,
            });
        }

        return lines.Count == 0 ? null : lines;
    }

    private List<ushort>? ReceivedOf(long session)
    {
        var ids = new List<ushort>();
        using var cursor = StoreReading.ScanSession(store, StoreTable.Received, session);
        while (cursor.MoveNext()) ids.Add(StoreKeys.PacketIdOf(cursor.Key));
        return ids.Count == 0 ? null : ids;
    }

    private static List<long[]>? RunsOf(ProgressRecord progress, ProgressState state)
    {
        var runs = progress.Exceptions.Where(run => run.State == state).Select(run => new[] { run.Sequence, run.Sequence + run.Length - 1 }).ToList();
        return runs.Count == 0 ? null : runs;
    }

    private static QueuedLine ToLine(SessionRecord session, StoreCursor cursor)
    {
        var queued = StoreReading.ReadQueued(cursor);
        return new QueuedLine
        {
            ClientId = session.ClientId,
            Sequence = StoreKeys.SequenceOf(cursor.Key),
            Qos = (int)queued.Qos,
            Retain = queued.Retain,
            SubscriptionIds = queued.SubscriptionIds,
            Group = queued.GroupFilter is null ? null : Encoding.UTF8.GetString(queued.GroupFilter),
            Number = queued.Message is null ? queued.MessageNumber : null,
            Message = queued.Message is null ? null : MessageContent.From(queued.Message),
        };
    }

    private void WriteEach(StoreTable table, Func<StoreCursor, StoreLine> toLine, Func<ReadOnlySpan<byte>, bool>? isWanted = null)
    {
        using var cursor = StoreReading.ScanAll(store, table);
        while (cursor.MoveNext())
        {
            if (isWanted is null || isWanted(cursor.Key)) WriteOne(table, cursor, toLine);
        }
    }

    /// <summary>Writes a line, or says that its record is damaged: the others are worth having.</summary>
    private void WriteOne(StoreTable table, StoreCursor cursor, Func<StoreCursor, StoreLine> toLine)
    {
        StoreLine line;
        try
        {
            line = toLine(cursor);
        }
        catch (StoreException exception)
        {
            Damaged++;
            error.WriteLine($"avocet: left out: {table} {Convert.ToHexString(cursor.Key)}: {exception.Message}");
            return;
        }

        Write(line);
    }

    private void Write(StoreLine line)
    {
        output.WriteLine(line.ToJson());
        Lines++;
    }
}
