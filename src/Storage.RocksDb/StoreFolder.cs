using System.Globalization;
using Avocet.Broker.Storage;

namespace Avocet.Storage.RocksDb;

/// <summary>The data folder, seen as files.</summary>
internal sealed class StoreFolder : IDisposable
{
    /// <summary>RocksDB's part of the data folder, which other files may lie in too.</summary>
    private const string StoreName = "store";

    private const string LockFileName = "lock";
    private const string ProcessFileName = "process";
    private const string ProbeFileName = "probe";

    /// <summary>What opening takes: a log, a manifest, a table.</summary>
    private const int ProbeSize = 1024 * 1024;

    private FileStream? _lock;
    private long _size;

    public StoreFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        StorePath = System.IO.Path.Combine(Path, StoreName);
    }

    /// <summary>The data folder.</summary>
    public string Path { get; }

    /// <summary>Where RocksDB's files are.</summary>
    public string StorePath { get; }

    /// <summary>Whether there is no database yet.</summary>
    public bool IsNew => !File.Exists(FileOf("CURRENT"));

    /// <summary>A file that can only come of a database, when the file that begins it is gone; null when all is well.</summary>
    public string? FindOrphan()
    {
        if (!IsNew) return null;

        return Directory.EnumerateFiles(StorePath)
            .FirstOrDefault(file => System.IO.Path.GetExtension(file) is ".sst" or ".log" or ".blob");
    }

    /// <exception cref="StoreException">It cannot be made.</exception>
    public void Create()
    {
        try
        {
            Directory.CreateDirectory(StorePath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(
                StoreFault.Failed,
                $"The data folder {Path} cannot be made: {exception.Message} Make it, and let this user write there, or choose another one with --data.",
                exception);
        }
    }

    /// <summary>
    /// Keeps others out, also out of the logs, which are looked at before RocksDB takes its own lock.
    /// </summary>
    /// <exception cref="StoreException">Another process has it, or it cannot be written.</exception>
    public void Lock()
    {
        var path = FileOf(LockFileName);
        try
        {
            _lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw NotWritable(exception);
        }
        catch (IOException exception)
        {
            if (IsLocked(path)) throw StoreErrors.InUse(this, exception);
            if (StoreErrors.From(exception, this) is { Fault: StoreFault.Full } full) throw full;

            throw NotWritable(exception);
        }

        WriteProcessId();
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>Writes a little, to see whether the disk takes it.</summary>
    public void Probe()
    {
        var path = FileOf(ProbeFileName);
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var bytes = new byte[ProbeSize];
            // A file system that compresses must not find it easy.
            Random.Shared.NextBytes(bytes);
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public int? ReadProcessId()
    {
        try
        {
            return int.TryParse(File.ReadAllText(FileOf(ProcessFileName)), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Bytes of all files; as they were last, where the folder cannot be read now, as when too many files are open.</summary>
    public long Measure()
    {
        try
        {
            var size = 0L;
            foreach (var file in new DirectoryInfo(StorePath).EnumerateFiles()) size += LengthOf(file);

            Interlocked.Exchange(ref _size, size);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A figure for whoever looks on; that the store itself cannot work is told where it is used.
        }

        return Interlocked.Read(ref _size);
    }

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // RocksDB removed it meanwhile.
            return 0;
        }
    }

    public string FileOf(string name) => System.IO.Path.Combine(StorePath, name);

    /// <summary>Whether opening failed because another has it open: such a file can be opened for nothing by anyone else.</summary>
    private static bool IsLocked(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException)
        {
            return File.Exists(path);
        }
    }

    private StoreException NotWritable(Exception exception) => new(
        StoreFault.Failed,
        $"The data folder {Path} cannot be written: {exception.Message} Let this user write there, or choose another folder with --data.",
        exception);

    /// <summary>Says to others who has it. Only for their messages.</summary>
    private void WriteProcessId()
    {
        try
        {
            File.WriteAllText(FileOf(ProcessFileName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without it a message has no process id; a disk without space must not be worse than that.
        }
    }
}
