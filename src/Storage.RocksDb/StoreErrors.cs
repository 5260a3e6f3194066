using System.Globalization;
using Avocet.Broker.Storage;

namespace Avocet.Storage.RocksDb;

/// <summary>Turns what RocksDB and the file system say into what the operator can use.</summary>
internal static class StoreErrors
{
    private static readonly string[] FullTexts = ["No space left", "Disk quota exceeded", "not enough space", "File too large"];
    private static readonly string[] LockTexts = ["lock hold by current process", "While lock file", "lock file:"];

    public static StoreException From(RocksDbException exception, StoreFolder folder)
    {
        var text = exception.Message;
        if (IsAny(text, FullTexts)) return Full(folder, text, exception);
        if (IsAny(text, LockTexts)) return InUse(folder, exception);
        var isDamaged = text.StartsWith("Corruption", StringComparison.Ordinal) || text.Contains("No such file", StringComparison.Ordinal);
        if (isDamaged) return Corrupt(folder, text, exception);
        return Failed(folder, text, exception);
    }

    public static StoreException From(Exception exception, StoreFolder folder) => exception switch
    {
        RocksDbException native => From(native, folder),
        _ when IsAny(exception.Message, FullTexts) => Full(folder, exception.Message, exception),
        _ => Failed(folder, exception.Message, exception),
    };

    public static StoreException Corrupt(StoreFolder folder, string detail, Exception? exception = null) => new(
        StoreFault.Corrupt,
        $"The data in {folder.Path} is damaged: {detail.TrimEnd('.')}. Nothing was changed or removed. Restore a backup of the folder, see with "
        + "'avocet store check' what can be read, or move the folder away to begin with an empty one.",
        exception);

    private static StoreException Full(StoreFolder folder, string detail, Exception exception) => new(
        StoreFault.Full,
        $"No space is left for the data in {folder.Path}: {detail.TrimEnd('.')}. What was kept so far is safe. Free some space; the next change is tried anew.",
        exception);

    public static StoreException InUse(StoreFolder folder, Exception exception)
    {
        var process = folder.ReadProcessId() is { } id ? string.Create(CultureInfo.InvariantCulture, $" (process {id})") : "";
        return new StoreException(
            StoreFault.InUse,
            $"Another Avocet{process} has the data folder {folder.Path} open. Stop it, or choose another folder with --data.",
            exception);
    }

    private static StoreException Failed(StoreFolder folder, string detail, Exception exception) => new(
        StoreFault.Failed,
        $"The data in {folder.Path} cannot be read or written: {detail.TrimEnd('.')}.",
        exception);

    private static bool IsAny(string text, string[] parts) => parts.Any(part => text.Contains(part, StringComparison.OrdinalIgnoreCase));
}
