using System.Text;
using System.Text.Json;
using Avocet.Security;
using Microsoft.Extensions.Logging;

namespace Avocet.Management.Accounts;

/// <summary>
/// Users and keys: in memory, and in <c>console.json</c> of the data folder where there is one. A change counts once the file is written. Another process, such as
/// <c>avocet console</c>, may write the file too; it is read again when it has changed.
/// </summary>
internal sealed class AccountStore
{
    public const string FileName = "console.json";

    private static readonly TimeSpan LastUseKeptEvery = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly string? _path;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private ConsoleDocument _document = new();
    private DateTime _writtenAt;

    /// <exception cref="ManagementException">The file cannot be read; the message says what to do.</exception>
    public AccountStore(string? folder, TimeProvider timeProvider, ILogger logger)
    {
        _path = folder is null ? null : Path.Combine(folder, FileName);
        _timeProvider = timeProvider;
        _logger = logger;
        if (_path is not null && File.Exists(_path)) Load(_path);
    }

    /// <summary>Whether the file is written over rather than replaced, so that it stays its owner's: for another user than the broker's.</summary>
    public bool KeepsOwner { get; init; }

    /// <summary>As it is now.</summary>
    public ConsoleDocument Current
    {
        get
        {
            lock (_gate)
            {
                LoadIfChanged();
                return _document;
            }
        }
    }

    public ConsoleUser? FindUser(string name) => Current.Users.FirstOrDefault(user => user.Name == name);

    /// <summary>Changes users or keys. The edit may be refused by an exception, and then nothing has happened.</summary>
    /// <exception cref="ManagementException">The file cannot be written.</exception>
    public void Edit(Func<ConsoleDocument, ConsoleDocument> edit)
    {
        lock (_gate)
        {
            LoadIfChanged();
            var changed = edit(_document);
            Write(changed);
            _document = changed;
        }
    }

    /// <summary>The key, unless it is wrong or its time is over. Notes that it was used.</summary>
    public ApiKey? UseKey(string text)
    {
        var hash = Secrets.HashOf(text);
        var now = _timeProvider.GetUtcNow();
        // Hashes of random keys: who compares them faster or slower learns nothing of a key.
        if (Current.Keys.FirstOrDefault(candidate => candidate.Hash == hash) is not { } key) return null;
        if (key.ExpiresAt <= now) return null;
        if (key.LastUsedAt is null || now - key.LastUsedAt >= LastUseKeptEvery) NoteUse(key, now);

        return key;
    }

    /// <summary>Whether a key is still there and its time not over.</summary>
    public bool HasKey(string id) => Current.Keys.Any(key => key.Id == id && !(key.ExpiresAt <= _timeProvider.GetUtcNow()));

    private void NoteUse(ApiKey key, DateTimeOffset now)
    {
        try
        {
            Edit(document => document with { Keys = [.. document.Keys.Select(other => other.Id == key.Id ? other with { LastUsedAt = now } : other)] });
        }
        catch (ManagementException exception)
        {
            // A full disk keeps nobody from looking what is wrong.
            Log.LastUseNotKept(_logger, exception.Message);
        }
    }

    private void LoadIfChanged()
    {
        if (_path is null || !File.Exists(_path) || File.GetLastWriteTimeUtc(_path) == _writtenAt) return;

        try
        {
            Load(_path);
        }
        catch (ManagementException exception)
        {
            _writtenAt = File.GetLastWriteTimeUtc(_path);
            Log.AccountsNotRead(_logger, exception.Message);
        }
    }

    private void Load(string path)
    {
        try
        {
            var writtenAt = File.GetLastWriteTimeUtc(path);
            using var stream = File.OpenRead(path);
            var document = JsonSerializer.Deserialize(stream, ConsoleJson.Default.ConsoleDocument);
            if (document is null || document.Version != ConsoleDocument.CurrentVersion)
            {
                throw new ManagementException($"{path} is of version {document?.Version}, and this Avocet knows {ConsoleDocument.CurrentVersion}. Use the newer one, or move the file away to begin anew.");
            }

            _document = document;
            _writtenAt = writtenAt;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ManagementException($"{path} cannot be read: {exception.Message.TrimEnd('.')}. Mend it, or move it away to begin anew.", exception);
        }
    }

    private void Write(ConsoleDocument document)
    {
        if (_path is null) return;

        var bytes = JsonSerializer.SerializeToUtf8Bytes(document, ConsoleJson.Default.ConsoleDocument);
        if (KeepsOwner) SecurityFile.Replace(_path, Encoding.UTF8.GetString(bytes));
        else PrivateFile.Replace(_path, bytes);

        _writtenAt = File.GetLastWriteTimeUtc(_path);
    }
}
