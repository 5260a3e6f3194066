using System.Threading.Channels;
using Avocet.Client.Publishing;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Microsoft.Data.Sqlite;

namespace Avocet.Client.Storage;

/// <summary>
/// A table with a row for each message. Changes gather while others are written, and are written together, for the disk is slow in beginning and ending.
/// </summary>
internal sealed class SqliteJournal : OutboxJournal
{
    private const int FormatVersion = 1;
    private const int BatchMax = 1000;

    private readonly SqliteConnection _connection;
    // Bounded by the outbox: a message has three changes at most.
    private readonly Channel<Change> _changes = Channel.CreateUnbounded<Change>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SqliteCommand _add;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _remove;
    private readonly Task _writing;

    private SqliteJournal(SqliteConnection connection, IReadOnlyList<StoredPublish> stored)
    {
        _connection = connection;
        Stored = stored;
        _add = Prepare(
            connection,
            "INSERT OR REPLACE INTO message VALUES ($key, $packet_id, $received, $kept_at, $qos, $retain, $topic, $payload, $properties)",
            "$key", "$packet_id", "$received", "$kept_at", "$qos", "$retain", "$topic", "$payload", "$properties");
        _update = Prepare(connection, "UPDATE message SET packet_id = $packet_id, received = $received WHERE key = $key", "$key", "$packet_id", "$received");
        _remove = Prepare(connection, "DELETE FROM message WHERE key = $key", "$key");
        _writing = WriteAsync();
    }

    public override IReadOnlyList<StoredPublish> Stored { get; }

    /// <exception cref="SqliteException">The file cannot be used.</exception>
    /// <exception cref="MqttException">A newer version wrote it.</exception>
    public static SqliteJournal Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // Locked by the first write, so that a second program finds out at once. FULL: a commit is on the disk when it returns.
            Execute(connection, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0;");
            var version = ReadVersion(connection);
            if (version > FormatVersion) throw new MqttException($"The outbox {path} has format {version}; this version knows up to {FormatVersion}. Use the newer version.");

            Execute(connection, $"""
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS message (
                    key INTEGER PRIMARY KEY, packet_id INTEGER NOT NULL, received INTEGER NOT NULL, kept_at INTEGER NOT NULL,
                    qos INTEGER NOT NULL, retain INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, properties BLOB NOT NULL);
                PRAGMA user_version = {FormatVersion};
                COMMIT;
                """);
            return new SqliteJournal(connection, ReadAll(connection));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override Task AddAsync(StoredPublish message) => EnqueueAsync(new Change(ChangeKind.Add, message.Key) { Message = message });

    public override Task UpdateAsync(long key, ushort packetId, bool isReceived) => EnqueueAsync(new Change(ChangeKind.Update, key) { PacketId = packetId, IsReceived = isReceived });

    public override Task RemoveAsync(long key) => EnqueueAsync(new Change(ChangeKind.Remove, key));

    public override async ValueTask DisposeAsync()
    {
        _changes.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        await _add.DisposeAsync().ConfigureAwait(false);
        await _update.DisposeAsync().ConfigureAwait(false);
        await _remove.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private Task EnqueueAsync(Change change)
    {
        return _changes.Writer.TryWrite(change) ? change.Done.Task : Task.FromException(new MqttException("The outbox is closed."));
    }

    private async Task WriteAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var batch = new List<Change>();
        while (await _changes.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < BatchMax && _changes.Reader.TryRead(out var change)) batch.Add(change);
            Commit(batch);
            batch.Clear();
        }
    }

    private void Commit(List<Change> batch)
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            foreach (var change in batch) Apply(change, transaction);
            transaction.Commit();
        }
        catch (Exception exception) when (exception is SqliteException or InvalidOperationException or IOException)
        {
            // The next batch is tried again: a full disk may have room by then.
            foreach (var change in batch) change.Done.TrySetException(exception);
            return;
        }

        foreach (var change in batch) change.Done.TrySetResult();
    }

    private void Apply(Change change, SqliteTransaction transaction)
    {
        var command = change.Kind switch
        {
            ChangeKind.Add => Bind(_add, change.Message!),
            ChangeKind.Update => Bind(_update, change.Key, (long)change.PacketId, change.IsReceived ? 1L : 0L),
            _ => Bind(_remove, change.Key),
        };
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Bind(SqliteCommand command, StoredPublish stored)
    {
        var properties = new PropertyBuilder();
        var message = stored.Message;
        message.PropertiesOrNull?.Write(properties, message.MessageExpiry is { } expiry ? (uint)Math.Clamp(expiry.TotalSeconds, 0, uint.MaxValue) : null);
        return Bind(
            command, stored.Key, (long)stored.PacketId, stored.IsReceived ? 1L : 0L, stored.KeptAt.ToUnixTimeMilliseconds(), (long)message.Qos, message.Retain ? 1L : 0L,
            message.Topic, message.Payload.ToArray(), properties.ToArray());
    }

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        return command;
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters) command.Parameters.Add(new SqliteParameter(parameter, null));
        return command;
    }

    private static List<StoredPublish> ReadAll(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT key, packet_id, received, kept_at, qos, retain, topic, payload, properties FROM message ORDER BY key";
        using var reader = command.ExecuteReader();
        var stored = new List<StoredPublish>();
        while (reader.Read())
        {
            var message = new MqttMessage(reader.GetString(6), reader.GetFieldValue<byte[]>(7))
            {
                Qos = (Qos)reader.GetInt64(4),
                Retain = reader.GetInt64(5) != 0,
                PropertiesOrNull = MessageProperties.Read(reader.GetFieldValue<byte[]>(8)),
            };
            stored.Add(new StoredPublish(reader.GetInt64(0), (ushort)reader.GetInt64(1), reader.GetInt64(2) != 0, DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)), message));
        }

        return stored;
    }

    private static long ReadVersion(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private enum ChangeKind
    {
        Add,
        Update,
        Remove,
    }

    private sealed record Change(ChangeKind Kind, long Key)
    {
        public StoredPublish? Message { get; init; }

        public ushort PacketId { get; init; }

        public bool IsReceived { get; init; }

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
