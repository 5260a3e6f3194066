using Microsoft.Extensions.Logging;

namespace Avocet.Storage.RocksDb;

/// <summary>What the store writes to the log. Event ids 3000 to 3099 are the store's and keep their meaning.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Warning,
        "Data log {File}: the last {Bytes} bytes, from byte {Offset} on, were not wholly written, as after a power cut. They are left out, and kept in {Kept}.")]
    public static partial void TailCutOff(ILogger logger, string file, long bytes, long offset, string kept);

    [LoggerMessage(3001, LogLevel.Information, "Data folder {Folder} opened again after a failure.")]
    public static partial void Reopened(ILogger logger, string folder);
}
