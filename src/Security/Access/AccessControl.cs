using Microsoft.Extensions.Logging;

namespace Avocet.Security.Access;

/// <summary>Keeps the rules up to date with the configuration and the access files.</summary>
internal sealed class AccessControl
{
    private readonly ILogger _logger;
    private readonly bool _hasAuthentication;
    private Dictionary<string, (AclFile File, FileStamp Stamp)> _files = [];
    private SecurityOptions _options;

    /// <exception cref="SecurityFileException">A file cannot be used.</exception>
    public AccessControl(SecurityOptions options, bool hasAuthentication, ILogger logger)
    {
        _options = options;
        _hasAuthentication = hasAuthentication;
        _logger = logger;
        foreach (var path in PathsOf(options)) _files[path] = Read(path);

        var rules = Combine();
        Authorizer = rules.AllowsAll ? null : new RulesAuthorizer(rules);
    }

    /// <summary>Null when there were no rules at the start, so that nothing has to be asked.</summary>
    public RulesAuthorizer? Authorizer { get; }

    /// <summary>The rules of a configuration, for one who asks why.</summary>
    /// <exception cref="SecurityFileException">A file cannot be used.</exception>
    public static AccessRules RulesOf(SecurityOptions options, bool hasAuthentication) =>
        Combine(options, hasAuthentication, PathsOf(options).ToDictionary(path => path, AclFile.Read));

    /// <summary>Takes the rules of another configuration. When a file cannot be used the old rules stay, all of them.</summary>
    public void Reload(SecurityOptions options)
    {
        var files = new Dictionary<string, (AclFile, FileStamp)>();
        try
        {
            foreach (var path in PathsOf(options)) files[path] = Read(path);
        }
        catch (SecurityFileException exception)
        {
            Log.RulesKept(_logger, exception.Message);
            return;
        }

        (_options, _files) = (options, files);
        Apply();
    }

    /// <summary>Reads again the files that were written. With a wrong line the old rules stay.</summary>
    public void ReloadIfChanged()
    {
        var isChanged = false;
        foreach (var (path, (file, stamp)) in _files.ToList())
        {
            var present = FileStamp.Of(path);
            if (present == stamp) continue;

            // Also where it is wrong: that is said once for each change.
            _files[path] = (file, present);
            try
            {
                _files[path] = Read(path);
                isChanged = true;
            }
            catch (SecurityFileException exception)
            {
                Log.RulesKept(_logger, exception.Message);
            }
        }

        if (isChanged) Apply();
    }

    private void Apply()
    {
        var rules = Combine();
        if (Authorizer is not null) Authorizer.Change(rules);
        else if (!rules.AllowsAll) Log.FirstRulesWait(_logger);
    }

    private AccessRules Combine() => Combine(_options, _hasAuthentication, _files.ToDictionary(pair => pair.Key, pair => pair.Value.File));

    private static AccessRules Combine(SecurityOptions options, bool hasAuthentication, Dictionary<string, AclFile> files)
    {
        var listenerFiles = options.Listeners.Where(listener => listener.AclFile.Length > 0).ToDictionary(listener => listener.Listener, listener => files[listener.AclFile]);
        return new AccessRules(options, options.AclFile.Length > 0 ? files[options.AclFile] : null, listenerFiles, hasAuthentication);
    }

    private (AclFile File, FileStamp Stamp) Read(string path)
    {
        var stamp = FileStamp.Of(path);
        var file = AclFile.Read(path);
        Log.RulesLoaded(_logger, path, file.Count);
        return (file, stamp);
    }

    private static IEnumerable<string> PathsOf(SecurityOptions options) =>
        options.Listeners.Select(listener => listener.AclFile).Append(options.AclFile).Where(path => path.Length > 0).Distinct();
}
