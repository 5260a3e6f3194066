using System.Text;
using System.Text.Json;
using Avocet.Management.Accounts;
using Microsoft.Extensions.Logging;

namespace Avocet.Management.Audit;

/// <summary>
/// Who changed what: <c>audit.jsonl</c> in the data folder, and the file before it. Both are bounded; the oldest entries go. Without a data folder the last ones
/// are in memory.
/// </summary>
internal sealed class AuditLog
{
    public const string FileName = "audit.jsonl";
    public const string FormerFileName = "audit.1.jsonl";

    /// <summary>Bytes of a file, after which the next one begins.</summary>
    public const int FileBytesMax = 4 * 1024 * 1024;

    private const int InMemoryMax = 1000;
    private const int TextLengthMax = 500;

    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _inMemory = [];
    private readonly string? _folder;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private long _lastId;

    public AuditLog(string? folder, TimeProvider timeProvider, ILogger logger)
    {
        _folder = folder;
        _timeProvider = timeProvider;
        _logger = logger;
        _lastId = Read().Select(entry => entry.Id).DefaultIfEmpty(0).Max();
    }

    public void Add(
        string who, string address, string action, string subject, IReadOnlyDictionary<string, string>? before = null, IReadOnlyDictionary<string, string>? after = null)
    {
        lock (_gate)
        {
            var entry = new AuditEntry
            {
                Id = ++_lastId,
                Time = _timeProvider.GetUtcNow(),
                Who = Cut(who),
                Address = address,
                Action = action,
                Subject = Cut(subject),
                Before = before,
                After = after,
            };
            Log.Audited(_logger, entry.Who, address, action, entry.Subject);
            try
            {
                Write(entry);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Log.AuditNotWritten(_logger, entry.Who, address, action, entry.Subject, exception.Message);
            }
        }
    }

    /// <summary>The entries below an id, newest first.</summary>
    public List<AuditEntry> Find(long below, int count, Func<AuditEntry, bool> isMeant)
    {
        lock (_gate) return [.. Read().Where(entry => entry.Id < below && isMeant(entry)).OrderByDescending(entry => entry.Id).Take(count)];
    }

    private void Write(AuditEntry entry)
    {
        if (_folder is null)
        {
            if (_inMemory.Count == InMemoryMax) _inMemory.Dequeue();

            _inMemory.Enqueue(entry);
            return;
        }

        var path = Path.Combine(_folder, FileName);
        if (File.Exists(path) && new FileInfo(path).Length >= FileBytesMax) File.Move(path, Path.Combine(_folder, FormerFileName), overwrite: true);

        using var stream = new FileStream(path, PrivateFile.OptionsFor(FileMode.Append));
        stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, AuditJson.Default.AuditEntry) + "\n"));
        stream.Flush(flushToDisk: true);
    }

    private IEnumerable<AuditEntry> Read() => _folder is null ? _inMemory : ReadFile(FormerFileName).Concat(ReadFile(FileName));

    private IEnumerable<AuditEntry> ReadFile(string name)
    {
        var path = Path.Combine(_folder!, name);
        if (!File.Exists(path)) yield break;

        foreach (var line in File.ReadLines(path))
        {
            // A power cut may leave half a line.
            if (TryParse(line) is { } entry) yield return entry;
        }
    }

    private static AuditEntry? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AuditJson.Default.AuditEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Cut(string text) => text.Length <= TextLengthMax ? text : text[..TextLengthMax];
}
