using System.Globalization;
using Avocet.Broker.Storage;
using Microsoft.Extensions.Logging;

namespace Avocet.Storage.RocksDb;

/// <summary>
/// Looks at the logs before RocksDB does, for it cannot tell what a power cut left from what a bad medium did: the one cuts off what nobody was promised
/// and must not keep the broker from starting; the other must not take away, in silence, what was acknowledged after it.
/// </summary>
internal static class LogCheck
{
    /// <exception cref="StoreException">A log is damaged.</exception>
    public static void Run(StoreFolder folder, ILogger logger)
    {
        var torn = new List<LogScan>();
        LogScan? previous = null;
        foreach (var path in Directory.EnumerateFiles(folder.StorePath, "*.log").Where(IsLog).OrderBy(NumberOf))
        {
            var scan = LogScan.Read(path);
            if (previous is not null) CheckOrder(folder, previous, scan);
            if (scan.HasLaterBatch && !scan.HasHole)
            {
                throw StoreErrors.Corrupt(folder, string.Create(
                    CultureInfo.InvariantCulture, $"{scan.Path} is unreadable at byte {scan.BrokenAt}, with later changes behind it"));
            }

            // What is only cut off RocksDB leaves out by itself.
            if ((scan.WholeUpTo < scan.Length && !scan.IsOnlyCut) || scan.HasLaterBatch) torn.Add(scan);
            if (scan.FirstSequence is not null) previous = scan;
        }

        // Only now, for nothing is changed where anything is damaged.
        foreach (var scan in torn) CutOff(folder, scan, logger);
    }

    private static void CheckOrder(StoreFolder folder, LogScan previous, LogScan scan)
    {
        if (scan.FirstSequence is not { } first || first <= previous.NextSequence) return;

        throw StoreErrors.Corrupt(folder, string.Create(
            CultureInfo.InvariantCulture,
            $"{previous.Path} ends with change {previous.NextSequence - 1}, and {scan.Name} begins with change {first}; those between are missing"));
    }

    /// <summary>Takes away what was being written when the power went, and keeps it beside.</summary>
    private static void CutOff(StoreFolder folder, LogScan scan, ILogger logger)
    {
        var kept = folder.FileOf(string.Create(CultureInfo.InvariantCulture, $"torn-{Path.GetFileNameWithoutExtension(scan.Path)}-{scan.WholeUpTo}"));
        using (var log = new FileStream(scan.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            log.Position = scan.WholeUpTo;
            using (var copy = new FileStream(kept, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                log.CopyTo(copy);
                copy.Flush(flushToDisk: true);
            }

            log.SetLength(scan.WholeUpTo);
            log.Flush(flushToDisk: true);
        }

        Log.TailCutOff(logger, scan.Path, scan.Length - scan.WholeUpTo, scan.WholeUpTo, kept);
    }

    private static bool IsLog(string path) => Path.GetFileNameWithoutExtension(path).All(char.IsAsciiDigit);

    private static long NumberOf(string path) => long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
}
