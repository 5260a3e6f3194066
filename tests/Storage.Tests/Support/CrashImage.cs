using System.Globalization;
using Avocet.Storage.RocksDb;

namespace Avocet.Storage.Tests.Support;

/// <summary>The files of a store as they lie on disk while it is open: what the end of its process would leave.</summary>
internal sealed class CrashImage : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private CrashImage()
    {
    }

    public string Path => _folder.Path;

    /// <summary>The logs, the oldest first.</summary>
    public List<string> Logs => LogsOf(Path);

    public static List<string> LogsOf(string folder) =>
        [.. Directory.GetFiles(StoreOf(folder), "*.log").OrderBy(file => int.Parse(System.IO.Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))];

    public static CrashImage Of(RocksDbStore store) => Of(store.Location);

    public static CrashImage Of(string folder)
    {
        var image = new CrashImage();
        Directory.CreateDirectory(StoreOf(image.Path));
        foreach (var file in Directory.GetFiles(StoreOf(folder)))
        {
            // To open and close the lock would give it up, for it is the process's.
            var name = System.IO.Path.GetFileName(file);
            if (name is "LOCK" or "lock") continue;

            using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.Create(System.IO.Path.Combine(StoreOf(image.Path), name));
            from.CopyTo(to);
        }

        return image;
    }

    public CrashImage Copy() => Of(Path);

    public string[] Files(string pattern) => Directory.GetFiles(StoreOf(Path), pattern);

    /// <summary>Every data file with its content, to see that nothing was changed.</summary>
    public Dictionary<string, string> Contents() => Directory.GetFiles(StoreOf(Path))
        .Where(file => System.IO.Path.GetFileName(file) is not ("LOCK" or "lock" or "process") && !System.IO.Path.GetFileName(file).StartsWith("LOG", StringComparison.Ordinal))
        .ToDictionary(file => System.IO.Path.GetFileName(file), file => Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));

    public RocksDbStore Open(Microsoft.Extensions.Logging.ILogger? logger = null) => RocksDbStore.Open(Path, logger);

    public void Dispose() => _folder.Dispose();

    private static string StoreOf(string folder) => System.IO.Path.Combine(folder, "store");
}
