using System.Text;
using System.Text.Unicode;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol.Topics;
using Avocet.Security.Users;

namespace Avocet.Cli.Store;

/// <summary>
/// Reads every record of a store and follows every reference. What it can repair is what nobody can miss: records of sessions that do not exist, and messages that
/// nobody is to get.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="report">Takes each problem as it is found.</param>
internal sealed class StoreCheck(IStore store, Action<StoreProblem> report)
{
    private const string RepairAdvice = "This only takes space; 'avocet store check --repair' removes it.";
    private const string LeftOverAdvice = "The broker removes that when it runs again.";
    private const string DamageAdvice = "Take a copy of the folder; then 'avocet store export' saves everything that can be read, for an import into an empty folder.";

    private readonly NumberSet _sessions = new();
    private readonly NumberSet _messages = new();
    private readonly NumberSet _needed = new();
    private readonly NumberSet _held = new();
    private readonly Dictionary<string, long> _clients = new(StringComparer.Ordinal);
    private readonly StoreBatch _repair = new();

    public StoreCheckCounts Counts { get; } = new();

    public long Problems { get; private set; }

    /// <summary>How often a repair has something to remove, left over or a problem.</summary>
    public long Repairable { get; private set; }

    /// <exception cref="StoreException">The store cannot be read at all, or was written by a newer version.</exception>
    public void Run()
    {
        CheckEach(StoreTable.Sessions, CheckSession);
        CheckEach(StoreTable.Messages, cursor =>
        {
            _messages.Add(StoreKeys.NumberOf(cursor.Key));
            CheckMessage(StoreTable.Messages, cursor.Key, StoreReading.ReadMessage(StoreTable.Messages, cursor));
            Counts.Messages++;
        });
        CheckEach(StoreTable.Subscriptions, CheckSubscription);
        CheckEach(StoreTable.Received, cursor =>
        {
            if (StoreKeys.PacketIdOf(cursor.Key) == 0) Report(StoreTable.Received, cursor, "has a Packet Identifier 0, which no client can release.", DamageAdvice);
        });
        CheckEach(StoreTable.Progress, cursor => StoreReading.ReadProgress(store, StoreKeys.NumberOf(cursor.Key)));
        CheckQueue();
        CheckNeeded();
        CheckEach(StoreTable.Retained, CheckRetained);
        CheckUsers();
        foreach (var table in (ReadOnlySpan<StoreTable>)[StoreTable.Subscriptions, StoreTable.Received, StoreTable.Progress, StoreTable.Queue]) CheckOwners(table);
    }

    /// <summary>Removes what <see cref="Repairable"/> counts.</summary>
    /// <exception cref="StoreException">The store cannot be written.</exception>
    public void Repair()
    {
        store.Commit(_repair, sync: true);
        _repair.Clear();
    }

    private void CheckSession(StoreCursor cursor)
    {
        var number = StoreKeys.NumberOf(cursor.Key);

        // Also one whose record is damaged is there: what belongs to it is no orphan.
        _sessions.Add(number);
        Counts.Sessions++;
        var session = StoreReading.ReadSession(cursor);
        if (!_clients.TryAdd(session.ClientId, number))
        {
            TellOfEnded(cursor, $"a second session of client '{session.ClientId}', beside session {_clients[session.ClientId]}; the later one replaced the other.");
        }

        if (session.ExpirySeconds == 0) TellOfEnded(cursor, $"the session of client '{session.ClientId}' was to end with its connection.");
        if (session.Will is { } will) CheckMessage(StoreTable.Sessions, cursor.Key, will.Message);
    }

    private void CheckMessage(StoreTable table, ReadOnlySpan<byte> key, MessageRecord message)
    {
        if (!Utf8.IsValid(message.TopicName) || !TopicName.IsValid(message.TopicName))
        {
            Report(table, key, $"has the topic name '{TextOf(message.TopicName)}', which MQTT does not allow.", DamageAdvice);
        }

        if (!StoredProperties.AreValid(message.Properties)) Report(table, key, "has properties that MQTT does not allow; clients would refuse the message.", DamageAdvice);
    }

    private void CheckSubscription(StoreCursor cursor)
    {
        Counts.Subscriptions++;
        var filter = StoreKeys.FilterOf(cursor.Key);
        StoreReading.ReadSubscription(cursor);
        if (!Utf8.IsValid(filter) || !StoreImport.IsValid(filter))
        {
            Report(StoreTable.Subscriptions, cursor, $"has the topic filter '{TextOf(filter)}', which MQTT does not allow.", DamageAdvice);
        }
    }

    private void CheckQueue()
    {
        var session = long.MinValue;
        var bytesSoFar = 0L;
        var live = default(LiveDeliveries);
        CheckEach(StoreTable.Queue, cursor =>
        {
            var (owner, sequence) = (StoreKeys.NumberOf(cursor.Key), StoreKeys.SequenceOf(cursor.Key));
            if (owner != session)
            {
                (session, bytesSoFar) = (owner, 0);
                live = new LiveDeliveries(TryReadProgress(owner));
            }

            var queued = StoreReading.ReadQueued(cursor);
            if (sequence >= live.WindowEnd)
            {
                if (queued.BytesSoFar < bytesSoFar)
                {
                    Report(StoreTable.Queue, cursor, "counts fewer bytes than the delivery before it; limits on bytes will be off.", DamageAdvice);
                }

                bytesSoFar = queued.BytesSoFar;
            }

            if (!_sessions.Contains(owner))
            {
                _held.Add(queued.MessageNumber);
                return;
            }

            // Done already, and removed with others in a while.
            if (!live.Contains(sequence)) return;

            Counts.Queued++;
            if (queued.Message is { } message)
            {
                CheckMessage(StoreTable.Queue, cursor.Key, message);
                return;
            }

            _needed.Add(queued.MessageNumber);
            if (_messages.Contains(queued.MessageNumber)) return;

            Report(StoreTable.Queue, cursor, $"is to deliver message {queued.MessageNumber}, which does not exist: this message is lost.", DamageAdvice);
        });
    }

    private void CheckNeeded()
    {
        const int Unused = 0;
        const int HeldByEnded = 1;
        // After a stop in good order there is nothing that the broker would look for.
        var isUnclean = store.Get(StoreTable.Meta, StoreKeys.Stopped) is null;
        CheckRuns(
            StoreTable.Messages,
            key => _needed.Contains(StoreKeys.NumberOf(key)) ? null : _held.Contains(StoreKeys.NumberOf(key)) ? HeldByEnded : Unused,
            (kind, count) => kind == Unused ? $"{count} shared messages that no session is to get." : $"{count} shared messages that only ended sessions were to get.",
            kind => kind == HeldByEnded || isUnclean);
    }

    private void CheckOwners(StoreTable table) => CheckRuns(
        table,
        key => _sessions.Contains(StoreKeys.NumberOf(key)) ? null : StoreKeys.NumberOf(key),
        (session, count) => $"{count} records of session {session}, which does not exist.",
        _ => table == StoreTable.Queue);

    /// <summary>
    /// Reports entries that nobody uses, and has a repair remove them: one report for all of a kind that lie behind each other. What the broker
    /// removes a part at a time may be left over when it stops, and is no problem.
    /// </summary>
    private void CheckRuns(StoreTable table, Func<ReadOnlySpan<byte>, long?> kindOf, Func<long, long, string> describe, Func<long, bool> isLeftOver)
    {
        byte[] first = [], last = [];
        long kind = 0, count = 0;
        CheckEach(table, cursor =>
        {
            var found = kindOf(cursor.Key);
            if (found is null || found != kind) End();
            if (found is null) return;
            if (count++ == 0) first = cursor.Key.ToArray();

            last = cursor.Key.ToArray();
            kind = found.Value;
        }, isCounted: false);
        End();

        void End()
        {
            if (count == 0) return;

            var key = Convert.ToHexString(first) + (count == 1 ? "" : $" to {Convert.ToHexString(last)}");
            Tell(new StoreProblem(table, key, describe(kind, count), isLeftOver(kind) ? LeftOverAdvice : RepairAdvice, isLeftOver(kind)));
            Repairable++;
            _repair.DeleteRange(table, first, [.. last, 0]);
            count = 0;
        }
    }

    private void CheckRetained(StoreCursor cursor)
    {
        Counts.Retained++;
        var message = StoreReading.ReadMessage(StoreTable.Retained, cursor);
        CheckMessage(StoreTable.Retained, cursor.Key, message);
        if (!cursor.Key.SequenceEqual(message.TopicName)) Report(StoreTable.Retained, cursor, $"holds a message of topic '{TextOf(message.TopicName)}'.", DamageAdvice);
    }

    /// <summary>What names a group or a role that is not there gives no rights by it.</summary>
    private void CheckUsers()
    {
        var (groups, roles) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var holders = new List<RoleHolder>();
        CheckEach(StoreTable.Users, cursor =>
        {
            Counts.Users++;
            var entry = UserStore.Read(store.Location, cursor.Key, cursor.Value);
            if (entry is RoleHolder holder) holders.Add(holder);
            if (entry is UserGroup) groups.Add(entry.Name);
            if (entry is Role) roles.Add(entry.Name);
        });
        if (Counts.Users > 0 && !UserStore.Exists(store)) Tell(new StoreProblem(StoreTable.Users, "", "there are users without the record that makes them a database; the broker would begin another one.", DamageAdvice));

        foreach (var holder in holders)
        {
            var missing = holder.Roles.Where(role => !roles.Contains(role.Name)).Select(role => $"role '{role.Name}'")
                .Concat((holder as User)?.Groups.Where(group => !groups.Contains(group.Name)).Select(group => $"group '{group.Name}'") ?? []);
            foreach (var name in missing) Tell(new StoreProblem(StoreTable.Users, holder.Name, $"has {name}, which is not there.", DamageAdvice));
        }
    }

    /// <summary>Goes over a table; a damaged record is a problem, and the next one is looked at.</summary>
    private void CheckEach(StoreTable table, Action<StoreCursor> check, bool isCounted = true)
    {
        using var cursor = StoreReading.ScanAll(store, table);
        while (cursor.MoveNext())
        {
            if (isCounted) Counts.Records++;
            try
            {
                check(cursor);
            }
            catch (StoreException exception) when (exception.Fault == StoreFault.Corrupt)
            {
                Report(table, cursor, exception.Message, DamageAdvice);
            }
        }
    }

    /// <summary>A damaged progress is reported with its own table.</summary>
    private ProgressRecord TryReadProgress(long session)
    {
        try
        {
            return StoreReading.ReadProgress(store, session);
        }
        catch (StoreException exception) when (exception.Fault == StoreFault.Corrupt)
        {
            return new ProgressRecord(0, []);
        }
    }

    private void Report(StoreTable table, StoreCursor cursor, string meaning, string advice) => Report(table, cursor.Key, meaning, advice);

    private void Report(StoreTable table, ReadOnlySpan<byte> key, string meaning, string advice) =>
        Tell(new StoreProblem(table, Convert.ToHexString(key), meaning, advice));

    /// <summary>A crash kept the end of a session from being written; the broker sees it at its next start.</summary>
    private void TellOfEnded(StoreCursor cursor, string meaning) =>
        Tell(new StoreProblem(StoreTable.Sessions, Convert.ToHexString(cursor.Key), meaning, LeftOverAdvice, IsLeftOver: true));

    private void Tell(StoreProblem problem)
    {
        if (!problem.IsLeftOver) Problems++;
        report(problem);
    }

    private static string TextOf(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
