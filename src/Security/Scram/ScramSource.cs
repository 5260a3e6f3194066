using Microsoft.Extensions.Logging;

namespace Avocet.Security.Scram;

/// <summary>The file of keys, read again when it changes.</summary>
internal sealed class ScramSource
{
    private readonly string _path;
    private readonly ILogger _logger;
    private volatile ScramFile _file;
    private FileStamp _stamp;

    /// <exception cref="SecurityFileException">The file cannot be used.</exception>
    public ScramSource(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _stamp = FileStamp.Of(path);
        _file = ScramFile.Read(path);
        Log.PasswordsLoaded(logger, path, _file.Count);
    }

    public ScramFile File => _file;

    /// <summary>With a wrong line the old keys stay.</summary>
    public void ReloadIfChanged()
    {
        var stamp = FileStamp.Of(_path);
        if (stamp == _stamp) return;

        _stamp = stamp;
        try
        {
            _file = ScramFile.Read(_path);
            Log.PasswordsLoaded(_logger, _path, _file.Count);
        }
        catch (SecurityFileException exception)
        {
            Log.PasswordsKept(_logger, exception.Message);
        }
    }
}
