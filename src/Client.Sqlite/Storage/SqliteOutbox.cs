using Avocet.Client.Publishing;
using Microsoft.Data.Sqlite;

namespace Avocet.Client.Storage;

/// <summary>The outbox of one file.</summary>
internal sealed class SqliteOutbox(string path, int messagesMax, long bytesMax) : Outbox(messagesMax, bytesMax)
{
    internal override bool IsKept => true;

    internal override ValueTask<OutboxJournal?> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new ValueTask<OutboxJournal?>(SqliteJournal.Open(path));
        }
        catch (SqliteException exception)
        {
            throw new MqttException($"The outbox {path} cannot be opened: {exception.Message} Check its folder, and that no other program uses it.", exception);
        }
    }
}
